"""The console: Streamlit pages. They read through `storage`, act through `engine.control`, draw with `jobs.charts`."""
