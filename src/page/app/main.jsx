// SPDX-License-Identifier: LGPL-2.1-or-later
// The page: who we are, where we are, and the frame around the views.
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import './style.css';
import { Icon } from './icons.jsx';
import { Dialogs } from './dialog.jsx';
import { useRoute } from './router.js';
import { begin, dismiss, signOut, useStore } from './store.js';
import { useHealth } from './health.js';
import { Link } from './ui.jsx';
import { Login } from './views/login.jsx';
import { Nav, VIEWS } from './nav.jsx';

const Connection = ({ connection }) => (
	<p class={`connection ${connection.state}`} role="status">
		<span class="dot" aria-hidden="true" />
		{{ live: 'Live', connecting: 'Connecting…', lost: 'Connection lost' }[connection.state]}
	</p>
);

const Me = ({ me }) => (
	<div class="me">
		<p>
			<span class="me-name">
				{me.name || { tcp: 'this computer', unix: `uid ${me.uid}` }[me.kind] || me.kind}
			</span>
			<span class="soft">{me.role}</span>
		</p>
		{me.kind === 'token' && (
			<button
				type="button"
				class="button quiet"
				onClick={signOut}
				title="Sign out"
				aria-label="Sign out"
			>
				<Icon name="out" />
			</button>
		)}
	</div>
);

const Notices = ({ notices }) => (
	<div class="notices" role="status" aria-live="polite">
		{notices.map((n) => (
			<p key={n.id} class={`notice ${n.level}`}>
				<Icon name={n.level} />
				<span>{n.text}</span>
				<button
					type="button"
					class="button quiet"
					aria-label="Dismiss"
					onClick={() => dismiss(n.id)}
				>
					<Icon name="bad" />
				</button>
			</p>
		))}
	</div>
);

function Frame({ state }) {
	const route = useRoute();
	const [menu, setMenu] = useState(false);
	const first = useRef(true),
		where = `${route.view}/${route.id}`;
	const [name, title, , All, One] = VIEWS.find(([view]) => view === route.view) ?? VIEWS[0];
	const View = route.id && One ? One : All;
	const array = state.replica.list('array')[0];
	useHealth();

	useEffect(() => {
		document.title = `${title} – ${array?.name || 'vdsd'}`;
	}, [title, array?.name]);
	// who listens to the page learns where a link has led: the title gets the focus
	useEffect(() => {
		setMenu(false);
		if (!first.current) document.getElementById('title')?.focus({ preventScroll: true });
		scrollTo(0, 0);
		first.current = false;
	}, [where]);

	return (
		<div class="frame">
			<button
				type="button"
				class="skip button"
				onClick={() => document.getElementById('title')?.focus()}
			>
				Skip to content
			</button>
			<header class="top">
				<button
					type="button"
					class="button quiet menu"
					aria-expanded={menu ? 'true' : 'false'}
					aria-controls="nav"
					aria-label="Menu"
					onClick={() => setMenu(!menu)}
				>
					<Icon name="menu" />
				</button>
				<Link view="overview" class="brand">
					<span class="logo" aria-hidden="true" />
					{array?.name || 'vdsd'}
				</Link>
				<Connection connection={state.connection} />
				<Me me={state.me} />
			</header>
			<nav id="nav" class={menu ? 'open' : ''} aria-label="Views">
				<Nav
					current={name}
					replica={state.replica}
					health={state.health}
					onGo={() => setMenu(false)}
				/>
			</nav>
			<main id="main">
				{state.connection.state === 'lost' && (
					<p class="banner bad" role="alert">
						<Icon name="warn" />
						<span>
							The connection to vdsd is lost: {state.connection.why}. What you see may
							be old. The page connects again by itself.
						</span>
					</p>
				)}
				{array && state.replica.get('live_array', array.id)?.read_only && (
					<p class="banner bad" role="alert">
						<Icon name="warn" />
						<span>
							The array is read-only:{' '}
							{state.replica.get('live_array', array.id).reason}
						</span>
					</p>
				)}
				{state.loaded ? (
					<View key={where} id={route.id} query={route.query} />
				) : (
					<p class="loading" role="status">
						Loading the state of the array…
					</p>
				)}
			</main>
			<Notices notices={state.notices} />
			<Dialogs />
		</div>
	);
}

function Page() {
	const state = useStore();
	useEffect(() => {
		begin();
	}, []);
	if (state.need === 'asking')
		return (
			<p class="loading" role="status">
				Loading…
			</p>
		);
	return state.need === 'login' ? <Login why={state.why} /> : <Frame state={state} />;
}

const root = document.getElementById('page');
root.textContent = '';
render(<Page />, root);
