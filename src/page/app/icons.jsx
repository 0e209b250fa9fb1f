// SPDX-License-Identifier: LGPL-2.1-or-later
// Small pictures, drawn here, so that the page needs no font and no other file for them.

const PATHS = {
	overview: 'M3 3h6v8H3zM11 3h6v5h-6zM11 10h6v7h-6zM3 13h6v4H3z',
	lun: 'M3 5c0-3 14-3 14 0v10c0 3-14 3-14 0zM3 5c0 3 14 3 14 0M3 10c0 3 14 3 14 0',
	target: 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14M10 7a3 3 0 1 0 0 6a3 3 0 1 0 0-6',
	portal: 'M4 4h12v9H4zM8 17h4M10 13v4M7 7h6M7 10h6',
	host: 'M3 4h14v9H3zM7 17h6M10 13v4',
	group: 'M7 5a2.500 2.500 0 1 0 0 5a2.500 2.500 0 1 0 0-5M2 16c0-5 10-5 10 0M13 5.500a2.200 2.200 0 1 1 .500 4.300M14 12c3 0 4 2 4 4',
	session: 'M3 7h11l-3-3M17 13H6l3 3',
	pool: 'M3 4h14v3H3zM3 8.500h14v3H3zM3 13h14v3H3z',
	snapshot: 'M3 6h3l1.500-2h5L14 6h3v10H3zM10 8a3 3 0 1 0 0 6a3 3 0 1 0 0-6',
	schedule: 'M4 5h12v12H4zM4 9h12M7 3v3M13 3v3M10 11v2.500h2',
	trash: 'M4 6h12M8 6V4h4v2M5.500 6l1 11h7l1-11M8.500 9v5M11.500 9v5',
	drive: 'M3 4h14v12H3zM3 12h14M13 14h1M6 14h1',
	job: 'M10 3a7 7 0 1 0 7 7M10 6v4l3 2M14 3l3 1l-1 3',
	history: 'M4 5v4h4M4.500 9a6 6 0 1 1 0 3M10 7v3.500l2.500 1.500',
	token: 'M7 9a4 4 0 1 0 0 8a4 4 0 1 0 0-8M10 10l7-7M14 6l2.500 2.500M12 8l1.500 1.500',
	audit: 'M5 3h8l3 3v11H5zM8 9h5M8 12h5M8 6h2',
	ok: 'M4 10.500l4 4L16 6',
	bad: 'M5 5l10 10M15 5L5 15',
	warn: 'M10 4v8M10 15v1',
	busy: 'M10 4a6 6 0 1 0 6 6',
	off: 'M5 10h10',
	plus: 'M10 4v12M4 10h12',
	menu: 'M3 5h14M3 10h14M3 15h14',
	search: 'M9 4a5 5 0 1 0 0 10a5 5 0 1 0 0-10M13 13l4 4',
	up: 'M5 12l5-5l5 5',
	down: 'M5 8l5 5l5-5',
	right: 'M8 5l5 5l-5 5',
	out: 'M12 3h5v14h-5M3 10h9M9 7l3 3l-3 3',
};

export const Icon = ({ name }) => (
	<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
		<path d={PATHS[name]} />
	</svg>
);
