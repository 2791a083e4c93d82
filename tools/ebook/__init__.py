"""The built site as an EPUB: its pages as XHTML, packed with contents and metadata."""
