package figure

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

// Redis reads what redis-benchmark --csv prints: a heading, and then a row for each
// command. It knows the columns by their names.
func Redis(text string) ([]Figure, error) {
	figures, err := redis(text)
	if err != nil {
		return nil, &Error{"redis-benchmark", err.Error(), text}
	}
	return figures, nil
}

func redis(text string) ([]Figure, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("it has no row of a command below its heading")
	}
	test, rate := slices.Index(rows[0], "test"), slices.Index(rows[0], "rps")
	if test < 0 || rate < 0 {
		return nil, fmt.Errorf("its heading has no columns test and rps")
	}
	var figures []Figure
	for _, row := range rows[1:] {
		value, err := number(row[rate])
		if err == nil && value == 0 {
			err = fmt.Errorf("no request was answered")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row[test], err)
		}
		figures = append(figures, Figure{row[test], value, RequestsPerSecond})
	}
	return figures, nil
}
