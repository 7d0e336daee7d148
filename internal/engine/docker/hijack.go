package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/containerd/errdefs/pkg/errhttp"
)

// stream is a connection that the engine has handed over: what is written goes
// to the process, what is read comes from it.
type stream interface {
	io.ReadWriteCloser
	CloseWrite() error
}

// hijack posts body and takes the connection over. Unlike the SDK's own it
// honours the context while it waits for the engine; once it has returned, the
// caller closes the stream.
func (e *Engine) hijack(ctx context.Context, path string, body any) (stream, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	address := e.base + "/v" + e.api.ClientVersion() + path
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "tcp")
	response, err := e.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		if both, ok := response.Body.(stream); ok {
			return both, nil
		}
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode < http.StatusBadRequest {
		return nil, fmt.Errorf("the engine didn't hand the connection over (%s): is there a proxy in between that doesn't know about upgrades?", response.Status)
	}
	return nil, answerError(response)
}

// answerError reads the engine's message from an answer that is an error.
func answerError(response *http.Response) error {
	const enough = 64 << 10
	text, _ := io.ReadAll(io.LimitReader(response.Body, enough))
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &answer) != nil || answer.Message == "" {
		answer.Message = strings.TrimSpace(response.Status + " " + string(text))
	}
	return fmt.Errorf("%s%w", answer.Message, quiet{errhttp.ToNative(response.StatusCode)})
}

// quiet is an error's kind without its text.
type quiet struct{ error }

func (quiet) Error() string   { return "" }
func (q quiet) Unwrap() error { return q.error }
