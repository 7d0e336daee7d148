package topology

import (
	"slices"
	"strings"
)

// Suggest lists the known words that somebody who typed word may have meant,
// the closest first. It finds words a few letters away, by insertion, deletion,
// replacement and swapped neighbours, and words that word is the beginning of.
func Suggest(word string, known []string) []string {
	type candidate struct {
		word     string
		distance int
	}
	word = strings.ToLower(word)
	var found []candidate
	for _, k := range known {
		lower := strings.ToLower(k)
		d := distance(word, lower)
		limit := max(1, min(len(word), len(lower))/3)
		if len(word) >= 2 && strings.HasPrefix(lower, word) {
			d = min(d, limit)
		}
		if d <= limit {
			found = append(found, candidate{k, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.distance - b.distance })
	var words []string
	for _, c := range found {
		// A word that is right but for its case, or one letter away, needs no
		// company of worse guesses.
		if len(words) > 0 && found[0].distance <= 1 && c.distance > found[0].distance {
			break
		}
		words = append(words, c.word)
	}
	return words
}

// distance is the optimal string alignment distance of two words.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(x)][len(y)]
}
