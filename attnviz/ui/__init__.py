"""The user interface: all that knows Streamlit, besides app.py and pages/."""
