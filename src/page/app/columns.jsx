// SPDX-License-Identifier: LGPL-2.1-or-later
// The columns that tables of objects share, and tables made of columns.
import { ago, bytes, time } from './format.js';
import { useStore } from './store.js';
import { Table } from './table.jsx';
import { Badge, Link, Mono } from './ui.jsx';

/** The first column: a name that leads to the object.  value(row): the name. */
export const nameColumn = (view, value, more) => ({
	name: 'name',
	title: 'Name',
	wide: true,
	value,
	cell: (row) => (
		<Link view={view} id={row.id}>
			{value(row)}
		</Link>
	),
	...more,
});

/** state(row): { level, word, why } */
export const stateColumn = (state) => ({
	name: 'state',
	title: 'State',
	value: (row) => state(row).word,
	cell: (row) => <Badge {...state(row)} />,
});

/** A size that is found and sorted by its number of bytes. */
export const bytesColumn = (name, title, value, more) => ({
	name,
	title,
	num: true,
	value,
	find: (row) => bytes(value(row)),
	cell: (row) => bytes(value(row)),
	...more,
});

/** An amount that nobody searches for. */
export const amountColumn = (name, title, value, more) => ({
	...bytesColumn(name, title, value),
	find: () => '',
	...more,
});

export const countColumn = (name, title, value, more) => ({
	name,
	title,
	num: true,
	value,
	...more,
});

/** On narrow screens it says how long ago that was. */
export const timeColumn = (name, title, value, more) => ({
	name,
	title,
	value,
	find: (row) => time(value(row)),
	cell: (row) => (
		<>
			<span class="num least2">{time(value(row))}</span>
			<span class="narrow" title={time(value(row))}>
				{ago(value(row))}
			</span>
		</>
	),
	...more,
});

export const monoColumn = (name, title, value, more) => ({
	name,
	title,
	value,
	cell: (row) => <Mono>{value(row) || '–'}</Mono>,
	...more,
});

/** Another object: its name, which leads to it.  of(row): { view, id, name } or null. */
export const otherColumn = (name, title, of, more) => ({
	name,
	title,
	value: (row) => of(row)?.name ?? '',
	cell: (row) => {
		const other = of(row);
		return other?.id ? (
			<Link view={other.view} id={other.id}>
				{other.name}
			</Link>
		) : (
			(other?.name ?? '')
		);
	},
	...more,
});

/** Buttons for a row; its title is for those who hear it. */
export const actionsColumn = (cell, title = 'Actions', more = {}) => ({
	name: 'actions',
	title,
	plain: true,
	acts: true,
	value: () => '',
	cell: (row) => <div class="row-actions">{cell(row)}</div>,
	...more,
});

/**
 * A component that is a table of objects: columns(replica) as of table.jsx, and what else the table
 * is always given.  The component takes rows, label, query, empty, actions, short.
 */
export const tableOf = ({ columns, ...fixed }) =>
	function ObjectTable(props) {
		const { replica } = useStore();
		return <Table {...fixed} columns={columns(replica)} {...props} />;
	};
