"""The console: Streamlit pages that read through storage, act through engine.launch and draw with jobs.report."""
