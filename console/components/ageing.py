"""The script that keeps `ago_html` up to date: a page that nobody reloads would tell the age that it was drawn with.

It counts from the age that the page was drawn with, because the clock of the browser may be another one than the
ledger's. Its words are those of `components.times.ago`.
"""

from markupsafe import Markup

AGEING = Markup("""<script>
if (!window.lwDrawn) {
  window.lwDrawn = new WeakMap();
  const units = [[86400, 3600, "d", "h"], [3600, 60, "h", "min"], [60, 1, "min", "s"]];
  const span = (seconds) => {
    for (const [large, small, first, second] of units) {
      if (seconds < large) continue;
      const rest = Math.floor(seconds % large / small);
      return `${Math.floor(seconds / large)} ${first}` + (rest ? ` ${rest} ${second}` : "");
    }
    return `${seconds} s`;
  };
  const words = (age) => {
    if (Math.abs(age) < 5) return age >= 0 ? "just now" : "now";
    return age >= 0 ? `${span(Math.floor(age))} ago` : `in ${span(Math.floor(-age))}`;
  };
  setInterval(() => document.querySelectorAll("time.lw-ago").forEach((each) => {
    if (!window.lwDrawn.has(each)) window.lwDrawn.set(each, performance.now());
    const told = words(Number(each.dataset.age) + (performance.now() - window.lwDrawn.get(each)) / 1000);
    if (each.textContent !== told) each.textContent = told;
  }), 1000);
}
</script>""")
