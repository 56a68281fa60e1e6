"""Our own components of Streamlit, and what they draw."""
