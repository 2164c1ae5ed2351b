"""Links between pages, in the HTML that pages are made of, followed without loading the console anew.

A new load would be a new session: slower, and one in which nobody has signed in yet. The address is put into the
browser's history and Streamlit is told as it is told of the back button. Links that open a new tab are left alone.
A link whose `data-to` is the key of a part of the page in view leads down to it.
"""

FOLLOWED_HERE = """<style>.st-key-lw-links { display: none; }</style><script>
if (!window.lwFollows) {
  window.lwFollows = true;
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    const other = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || other || event.defaultPrevented || link.origin !== location.origin) return;
    if (link.target || link.hash || link.hasAttribute("download")) return;
    event.preventDefault();
    history.pushState(null, "", link.href);
    window.dispatchEvent(new PopStateEvent("popstate", { state: null }));
    const place = link.dataset.to && document.querySelector(`.st-key-${link.dataset.to}`);
    if (place) place.scrollIntoView();
  });
}
</script>"""
