package web

import (
	"embed"
	"net/http"
	"path"
	"strings"
)

//go:embed page
var files embed.FS

// kinds are the types of the page's files.
var kinds = [...][2]string{
	{".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
	{".css", "text/css; charset=utf-8"}, {".svg", "image/svg+xml"},
}

// page answers GET / and the page's own files.
func page(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	data, err := files.ReadFile("page/" + name)
	if err != nil {
		refuse(w, http.StatusNotFound, "there is nothing at "+printable(r.URL.Path))
		return
	}
	for _, k := range kinds {
		if strings.HasSuffix(name, k[0]) {
			w.Header().Set("Content-Type", k[1])
		}
	}
	_, _ = w.Write(data) // nobody is left to be told
}
