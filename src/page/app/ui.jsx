// SPDX-License-Identifier: LGPL-2.1-or-later
// The pieces of which the views are made.
import { useId } from 'preact/hooks';
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
			.filter(([, value]) => value !== '' && value !== null && value !== undefined)
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

/** The head of a view: its title, where it belongs, its state, and what can be done. */
export const Head = ({ parent, title, badge, sub, children }) => (
	<header class="view-head">
		<div>
			{parent && (
				<p class="crumb">
					<Link view={parent[0]}>{parent[1]}</Link>
				</p>
			)}
			<h1 tabindex="-1" id="title">
				{title}
				{badge && <> {badge}</>}
			</h1>
			{sub && <p class="sub">{sub}</p>}
		</div>
		{children && <div class="actions">{children}</div>}
	</header>
);

export const Mono = ({ children }) => <span class="mono">{children}</span>;

export const Gone = ({ what, view, name }) => (
	<>
		<Head parent={[view, name]} title={`No such ${what}`} />
		<Empty icon="search" title={`This ${what} does not exist (any more).`}>
			<Link view={view}>All {name}</Link>
		</Empty>
	</>
);
