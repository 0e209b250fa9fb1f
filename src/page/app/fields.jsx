// SPDX-License-Identifier: LGPL-2.1-or-later
// The fields of a dialog.  A form is a list of descriptions of fields, made by the functions at the
// end of this file; a list in the list stands beside each other, and what is false is left out.
import { createContext } from 'preact';
import { useContext, useId, useState } from 'preact/hooks';
import { Icon } from './icons.jsx';
import { plural } from './format.js';
import { search, sorted } from './search.js';

/** { input, set(changes), busy } of the dialog that is open. */
export const Form = createContext(null);

// The label of a field, the field, and a hint below it.
function Labelled({ label, name, hint, control }) {
	const id = useId(),
		{ input, set, busy } = useContext(Form);
	return (
		<div class="field">
			<label for={id}>{label}</label>
			{control({
				id,
				value: input[name],
				disabled: busy,
				'aria-describedby': hint ? `${id}-hint` : undefined,
				onInput: (e) => set({ [name]: e.currentTarget.value }),
			})}
			{hint && (
				<p class="hint" id={`${id}-hint`}>
					{hint}
				</p>
			)}
		</div>
	);
}

const Text = ({ mono, type = 'text', inputmode, autocomplete = 'off', ...rest }) => (
	<Labelled
		{...rest}
		control={(props) => (
			<input
				class={mono ? 'mono' : undefined}
				type={type}
				inputmode={inputmode}
				autocomplete={autocomplete}
				spellcheck={false}
				{...props}
			/>
		)}
	/>
);

const Area = (props) => (
	<Labelled
		{...props}
		control={(own) => <textarea class="mono" rows="3" spellcheck={false} {...own} />}
	/>
);

const Select = ({ options, ...rest }) => (
	<Labelled
		{...rest}
		control={(props) => (
			<select {...props}>
				{options.map(([value, words]) => (
					<option key={value} value={value}>
						{words}
					</option>
				))}
			</select>
		)}
	/>
);

const Box = ({ id, checked, disabled, onChange, label, hint }) => (
	<div class="check">
		<input
			id={id}
			type="checkbox"
			checked={checked}
			disabled={disabled}
			onChange={(e) => onChange(e.currentTarget.checked)}
		/>
		<label for={id}>
			{label}
			{hint && <span class="hint">{hint}</span>}
		</label>
	</div>
);

function Check({ name, ...rest }) {
	const id = useId(),
		{ input, set, busy } = useContext(Form);
	return (
		<Box
			{...rest}
			id={id}
			checked={input[name]}
			disabled={busy}
			onChange={(checked) => set({ [name]: checked })}
		/>
	);
}

const LISTED = 60; // boxes that are drawn; the others are found by a search
const FEW = 6; // a list of so many needs no search

/** Several objects out of many: a list of check boxes with a search. */
function Choose({ label, name, rows, text: textOf, sub, none, part }) {
	const id = useId(),
		{ input, set, busy } = useContext(Form);
	const [query, setQuery] = useState('');
	const chosen = input[name];
	// those that were chosen at first come first, and nothing moves while one chooses
	const [first] = useState(chosen);
	const found = search(sorted(rows, textOf), query, (row) =>
		`${textOf(row)} ${sub?.(row) ?? ''}`.toLowerCase(),
	).sort((a, b) => first.includes(b.id) - first.includes(a.id));
	return (
		<fieldset class={part ? 'choose part' : 'choose'}>
			<legend>
				{label} <span class="soft">{chosen.length > 0 && `${chosen.length} chosen`}</span>
			</legend>
			{rows.length > FEW && <SearchBox label={name} value={query} onInput={setQuery} />}
			{rows.length === 0 && <p class="hint">{none}</p>}
			<div class="choices">
				{found.slice(0, LISTED).map((row) => (
					<Box
						key={row.id}
						id={`${id}-${row.id}`}
						label={textOf(row)}
						hint={sub?.(row)}
						disabled={busy}
						checked={chosen.includes(row.id)}
						onChange={(checked) =>
							set({
								[name]: checked
									? [...chosen, row.id]
									: chosen.filter((other) => other !== row.id),
							})
						}
					/>
				))}
			</div>
			{found.length > LISTED && (
				<p class="hint">
					{plural(found.length - LISTED, 'more', 'more')}: search for them.
				</p>
			)}
		</fieldset>
	);
}

/** The field in which one types what a list is searched for. */
export const SearchBox = ({ label, value, onInput }) => (
	<label class="search">
		<Icon name="search" />
		<span class="away">Search {label}</span>
		<input
			type="search"
			value={value}
			placeholder="Search"
			autocomplete="off"
			onInput={(e) => onInput(e.currentTarget.value)}
		/>
	</label>
);

const KINDS = {
	text: Text,
	area: Area,
	select: Select,
	check: Check,
	choose: Choose,
	heading: ({ words }) => <h3>{words}</h3>,
	note: ({ words }) => <p class="note">{words}</p>,
};

/** Draws a list of fields. */
export const Fields = ({ list }) =>
	list.map((field, i) => {
		if (!field) return null;
		if (Array.isArray(field))
			return (
				<div class="pair" key={i}>
					<Fields list={field} />
				</div>
			);
		const { kind, ...props } = field,
			Kind = KINDS[kind];
		return <Kind key={props.name ?? i} {...props} />;
	});

// ---- what a form is written with ----

export const text = (label, name, hint, more) => ({ kind: 'text', label, name, hint, ...more });
export const mono = (label, name, hint) => text(label, name, hint, { mono: true });
export const secret = (label, name, hint) =>
	text(label, name, hint, { type: 'password', autocomplete: 'new-password', mono: true });
export const area = (label, name, hint) => ({ kind: 'area', label, name, hint });
export const check = (label, name, hint) => ({ kind: 'check', label, name, hint });
export const select = (label, name, options, hint) => ({
	kind: 'select',
	label,
	name,
	options,
	hint,
});
/** rows: the objects; look: { text(row), sub(row)?, none: what stands where there is no row } */
export const choose = (label, name, rows, look) => ({ kind: 'choose', label, name, rows, ...look });
export const heading = (words) => ({ kind: 'heading', words });
export const note = (words) => ({ kind: 'note', words });
