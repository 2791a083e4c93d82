"""The built site as a book on paper: its pages cleaned, bound into one document, and printed."""
