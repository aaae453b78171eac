"""Knowledge: a folder of Markdown articles, searched by what the caller asks."""
