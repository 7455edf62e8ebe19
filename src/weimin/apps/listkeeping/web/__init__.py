"""Pages of the lists: the public's, the keeper's, the editor, spreadsheets, the townships' own contents."""
