// SPDX-License-Identifier: LGPL-2.1-or-later
// The pieces of which the views are made.
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons.jsx';
import { mayDo, roleOf } from './api.js';
import { href } from './router.js';
import { store } from './store.js';
import { bytes, percent } from './format.js';

/** State as a word with a colour and a sign, so that the colour alone says nothing. */
export const Badge = ({ level, word, why }) => (
	<span class={`badge ${level}`} title={why || undefined}>
		<Icon name={level} />
		{word}
	</span>
);

export const Link = ({ view, id, query, children, ...rest }) => (
	<a href={href(view, id, query)} {...rest}>
		{children}
	</a>
);

/**
 * A button for an operation of the API.  Where the role does not allow that, the button stays in
 * reach of the keyboard, says why, and does nothing.
 */
export function Action({ operation, onClick, children, icon, kind = '', blocked = '' }) {
	const id = useId();
	const allowed = mayDo(store.me?.role, operation);
	const why = !allowed
		? `This needs the role ${roleOf(operation)}; you have the role ` + `${store.me?.role}.`
		: store.connection.state !== 'live'
			? 'The connection to vdsd is lost.'
			: blocked;
	return (
		<span class="action">
			<button
				type="button"
				class={`button ${kind}`}
				aria-disabled={why ? 'true' : undefined}
				aria-describedby={why ? id : undefined}
				title={why || undefined}
				onClick={() => !why && onClick()}
			>
				{icon && <Icon name={icon} />}
				{children}
			</button>
			{why && (
				<span id={id} class="away">
					{why}
				</span>
			)}
		</span>
	);
}

/** A button behind which there are more of them; Escape and a click elsewhere close the list. */
export function More({ children }) {
	const [open, setOpen] = useState(false),
		box = useRef(),
		id = useId();
	useEffect(() => {
		if (!open) return undefined;
		const elsewhere = (e) => !box.current.contains(e.target) && setOpen(false);
		addEventListener('pointerdown', elsewhere);
		return () => removeEventListener('pointerdown', elsewhere);
	}, [open]);
	// the focus is on the button again before a dialog opens, which returns the focus to it
	const close = () => {
		setOpen(false);
		box.current.querySelector('button').focus();
	};
	const left = (e) => e.relatedTarget && !box.current.contains(e.relatedTarget) && setOpen(false);
	return (
		<div
			class="more"
			ref={box}
			onKeyDown={(e) => open && e.key === 'Escape' && close()}
			onFocusOut={left}
		>
			<button
				type="button"
				class="button"
				aria-expanded={open ? 'true' : 'false'}
				aria-controls={open ? id : undefined}
				onClick={() => setOpen(!open)}
			>
				More
				<Icon name={open ? 'up' : 'down'} />
			</button>
			{open && (
				<div
					class="more-list"
					id={id}
					onClickCapture={(e) =>
						e.target.closest('button:not([aria-disabled])') && close()
					}
				>
					{children}
				</div>
			)}
		</div>
	);
}

export const Empty = ({ icon, title, children }) => (
	<div class="empty">
		<Icon name={icon} />
		<p class="empty-title">{title}</p>
		{children && <div class="empty-text">{children}</div>}
	</div>
);

export const Card = ({ title, aside, children, class: extra = '', level = 2 }) => {
	const id = useId();
	const Heading = `h${level}`;
	return (
		<section class={`card ${extra}`} aria-labelledby={title ? id : undefined}>
			{title && (
				<header class="card-head">
					<Heading id={id}>{title}</Heading>
					{aside}
				</header>
			)}
			{children}
		</section>
	);
};

/** Facts of one object: [[name, value], …]; those without a value are left out. */
export const Facts = ({ rows }) => (
	<dl class="facts">
		{rows
			.filter(([, value]) => ![undefined, null, false, ''].includes(value))
			.map(([name, value]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd>{value}</dd>
				</div>
			))}
	</dl>
);

/** How much of something is used, as a bar with a text. */
export function Meter({ used, whole, label, level = 'ok' }) {
	const part = whole > 0 ? Math.min(1, used / whole) : 0;
	return (
		<div class={`meter ${level}`}>
			<div class="meter-text">
				<span>{label}</span>
				<span class="num">{percent(used, whole)}</span>
			</div>
			<svg
				class="meter-bar"
				viewBox="0 0 100 2"
				preserveAspectRatio="none"
				aria-hidden="true"
			>
				<rect class="track" width="100" height="2" />
				<rect class="fill" width={part * 100} height="2" />
			</svg>
			<div class="meter-sub">
				{bytes(used)} of {bytes(whole)}
			</div>
		</div>
	);
}

export const Progress = ({ value, label }) => (
	<progress class="progress" max="100" value={value} aria-label={label}>
		{value} %
	</progress>
);

let titleHadFocus = false; // when it went

/** The focus of a title goes over to the one that takes its place, as when an object is deleted. */
function useKeptTitle(ref) {
	useLayoutEffect(() => {
		const title = ref.current;
		if (titleHadFocus && document.activeElement === document.body)
			title.focus({ preventScroll: true });
		titleHadFocus = false;
		return () => {
			titleHadFocus = document.activeElement === title;
		};
	}, []);
}

/** The head of a view: its title, where it belongs, its state, and what can be done. */
export function Head({ parent, title, badge, sub, children }) {
	const ref = useRef();
	useKeptTitle(ref);
	return (
		<header class="view-head">
			<div>
				{parent && (
					<p class="crumb">
						<Link view={parent[0]}>{parent[1]}</Link>
					</p>
				)}
				<h1 tabindex="-1" id="title" ref={ref}>
					{title}
					{badge && <> {badge}</>}
				</h1>
				{sub && <p class="sub">{sub}</p>}
			</div>
			{children && <div class="actions">{children}</div>}
		</header>
	);
}

/** The networks from which initiators may log in. */
export const Sources = ({ text }) =>
	text ? <Mono>{text.replaceAll(';', ' ')}</Mono> : 'any network';

/** A text of vdsd, in which `commands` stand between signs of their own. */
export const Words = ({ text }) =>
	text.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part));

export const Mono = ({ children }) => <span class="mono">{children}</span>;

export const Gone = ({ what, view, name }) => (
	<>
		<Head parent={[view, name]} title={`No such ${what}`} />
		<Empty icon="search" title={`This ${what} does not exist (any more).`}>
			<Link view={view}>All {name}</Link>
		</Empty>
	</>
);
