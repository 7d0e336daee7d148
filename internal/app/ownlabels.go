package app

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"halab/internal/engine"
	"halab/internal/topology"
)

// vipWords are a cluster's VIPs as its containers are labelled with them.
func vipWords(c topology.Cluster) string {
	var words []string
	for _, v := range c.VIPs() {
		words = append(words, v.Name+"="+v.Address.String())
	}
	return strings.Join(words, " ")
}

// joined puts words into one label.
func joined[T any](list []T) string {
	words := make([]string, len(list))
	for i, one := range list {
		words[i] = fmt.Sprint(one)
	}
	return strings.Join(words, " ")
}

// relabelled are a container's labels for a lab of the user's files.
func relabelled(labels, more map[string]string) map[string]string {
	out := map[string]string{}
	for _, key := range []string{engine.LabelLab, engine.LabelBase, engine.LabelService} {
		if labels[key] != "" {
			out[key] = labels[key]
		}
	}
	out[engine.LabelProfile] = string(topology.ProfileOwn)
	maps.Copy(out, more)
	return out
}

func hashOf(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6]), nil
}
