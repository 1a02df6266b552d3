package figure

import (
	"fmt"
	"strings"
)

// SevenZip reads what 7zz b prints. Its line of averages has, for compressing and for
// decompressing: speed, usage of processors, rating of one processor, rating of all.
//
//	Avr:      1733    43   3622   1560  |      16808    45   3045   1373
//	Tot:              44   3333   1467
func SevenZip(text string) ([]Figure, error) {
	figures, err := sevenZip(text)
	if err != nil {
		return nil, &Error{"7zz", err.Error(), text}
	}
	return figures, nil
}

func sevenZip(text string) ([]Figure, error) {
	if !strings.Contains(text, "Rating") || !strings.Contains(text, "MIPS") {
		return nil, fmt.Errorf("it has no columns of ratings in MIPS")
	}
	average, err := lineAfter(text, "Avr:")
	if err != nil {
		return nil, err
	}
	compressing, decompressing, found := strings.Cut(average, "|")
	if !found {
		return nil, fmt.Errorf("its line Avr: has no two sides")
	}
	total, err := lineAfter(text, "Tot:")
	if err != nil {
		return nil, err
	}
	var figures []Figure
	for _, of := range []struct {
		name, cells string
		columns     int
	}{{"compression", compressing, 4}, {"decompression", decompressing, 4}, {"total", total, 3}} {
		cells := strings.Fields(of.cells)
		if len(cells) != of.columns {
			return nil, fmt.Errorf("the %s has %d columns, and not %d", of.name, len(cells), of.columns)
		}
		value, err := number(cells[of.columns-1])
		if err == nil && value == 0 {
			err = fmt.Errorf("it is rated 0 MIPS")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", of.name, err)
		}
		figures = append(figures, Figure{of.name, value, MIPS})
	}
	return figures, nil
}

// lineAfter is the rest of the one line that begins with a word.
func lineAfter(text, word string) (string, error) {
	rest, found := "", false
	for line := range strings.Lines(text) {
		after, begins := strings.CutPrefix(strings.TrimSpace(line), word)
		if begins && found {
			return "", fmt.Errorf("it has more than one line %s", word)
		}
		if begins {
			rest, found = strings.TrimSpace(after), true
		}
	}
	if !found {
		return "", fmt.Errorf("it has no line %s", word)
	}
	return rest, nil
}
