package cli

import (
	"context"
	"errors"
)

func (s *session) resolveBase(ctx context.Context) (string, error) {
	return "", errors.New("images are not built yet")
}

func (s *session) ensureImages(ctx context.Context, base string) (map[string]string, error) {
	return nil, errors.New("images are not built yet")
}

// planImages says which references the images will have, and which of them are
// missing, each with the reason why it would be built.
func (s *session) planImages(ctx context.Context, base string) (refs, missing map[string]string, err error) {
	return nil, nil, errors.New("images are not built yet")
}

func (s *session) guessBase(ctx context.Context) (string, error) {
	return "", errors.New("images are not built yet")
}
