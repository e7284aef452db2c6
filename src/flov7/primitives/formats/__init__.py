"""Reading and printing formats safely: XML, CSV, HTML, dates."""
