// SPDX-License-Identifier: LGPL-2.1-or-later
// Search and sort of the rows of a table.

/** The rows in whose `text(row)`, in small letters, every word of `query` appears. */
export function search(rows, query, text) {
	const words = query.toLowerCase().split(/\s+/).filter(Boolean);
	if (words.length === 0) return rows;
	return rows.filter((row) => {
		const line = text(row);
		return words.every((word) => line.includes(word));
	});
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** A new array in the order of `value(row)`: numbers by size, texts as people sort them. */
export function sorted(rows, value, descending = false) {
	const sign = descending ? -1 : 1;
	const keyed = rows.map((row) => [value(row), row]);
	keyed.sort(
		([a], [b]) =>
			sign *
			(typeof a === 'number' && typeof b === 'number'
				? a - b
				: collator.compare(String(a ?? ''), String(b ?? ''))),
	);
	return keyed.map(([, row]) => row);
}
