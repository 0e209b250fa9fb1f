// SPDX-License-Identifier: LGPL-2.1-or-later
// The neighbourhood of an object in the association graph: LUNs, the targets behind which they
// are, the portals of those, the initiators that use or may use them, and their hosts.  Pure: the
// result has nodes with places, and edges; graph.jsx draws it.
import * as m from './model.js';

export const COLUMNS = ['lun', 'target', 'portal', 'initiator', 'host'];
export const TITLES = {
	lun: 'LUNs',
	target: 'Targets',
	portal: 'Portals',
	initiator: 'Initiators',
	host: 'Hosts',
};
const MOST = 8; // nodes of a column; the rest is counted
const MIN_WIDTH = 120;
export const WIDTH = 156,
	HEIGHT = 46,
	GAP_X = 40,
	GAP_Y = 14,
	TOP = 34;

class Builder {
	constructor(r) {
		this.r = r;
		this.nodes = new Map();
		this.edges = new Map();
		this.more = { lun: 0, target: 0, portal: 0, initiator: 0, host: 0 };
	}

	/** Adds a node once.  Returns whether it is there: a full column only counts. */
	node(kind, id, make) {
		const key = `${kind} ${id}`;
		if (this.nodes.has(key)) return true;
		if ([...this.nodes.values()].filter((n) => n.kind === kind).length >= MOST) {
			this.more[kind]++;
			return false;
		}
		this.nodes.set(key, { key, kind, id, ...make() });
		return true;
	}

	edge(a, b, style, label) {
		if (this.nodes.has(a) && this.nodes.has(b)) {
			const key = `${a}>${b}`;
			const known = this.edges.get(key);
			if (!known || (known.style === 'may' && style !== 'may'))
				this.edges.set(key, { key, from: a, to: b, style, label });
		}
	}

	lun(lun) {
		return this.node('lun', lun.id, () => ({
			name: m.lunName(lun),
			state: m.lunState(this.r, lun),
			view: 'luns',
		}));
	}

	target(target) {
		return this.node('target', target.id, () => ({
			name: m.targetName(target),
			view: 'targets',
			sub: target.alias ? target.iscsi_name : '',
		}));
	}

	portal(portal) {
		return this.node('portal', portal.id, () => ({
			name: m.portalName(portal),
			state: m.portalState(this.r, portal),
			view: 'portals',
		}));
	}

	initiator(name) {
		const host = m.initiatorHost(this.r, name);
		const sessions = m.initiatorSessions(this.r, name).length;
		return this.node('initiator', name, () => ({
			name,
			sub: sessions > 0 ? 'logged in' : 'not logged in',
			state: { level: sessions > 0 ? 'ok' : 'off' },
			view: host ? 'hosts' : 'sessions',
			link: host?.id ?? '',
			query: host ? {} : { q: name },
		}));
	}

	host(host) {
		return this.node('host', host.id, () => ({ name: host.name, view: 'hosts' }));
	}

	lunTarget(lun, target) {
		const a = m.lunAssociations(this.r, lun.id).find((x) => x.target_id === target.id);
		this.edge(`lun ${lun.id}`, `target ${target.id}`, 'is', `as LUN ${a?.lun_number}`);
	}

	/** The portals of a target, the sessions there, and who may come. */
	beyond(target, may) {
		for (const group of m.targetGroups(this.r, target.id))
			for (const portal of m.groupPortals(this.r, group.id)) {
				this.portal(portal);
				const usable = group.access_state.startsWith('active');
				this.edge(
					`target ${target.id}`,
					`portal ${portal.id}`,
					usable ? 'is' : 'off',
					usable ? '' : group.access_state,
				);
			}
		for (const session of m.targetSessions(this.r, target.id)) {
			if (may !== null && !may.includes(session.initiator)) continue;
			const portal = m.sessionPortal(this.r, session);
			this.initiator(session.initiator);
			if (portal)
				this.edge(
					`portal ${portal.id}`,
					`initiator ${session.initiator}`,
					'session',
					'session',
				);
		}
	}

	/** Initiators that may use something but have no session: a thin line from each portal. */
	mayCome(names, targets) {
		for (const name of names) {
			this.initiator(name);
			if (
				m
					.initiatorSessions(this.r, name)
					.some((s) => targets.some((t) => t.id === s.target_id))
			)
				continue;
			for (const target of targets)
				for (const portal of m.targetPortals(this.r, target.id))
					this.edge(`portal ${portal.id}`, `initiator ${name}`, 'may', 'may log in');
		}
	}

	hosts() {
		for (const node of [...this.nodes.values()].filter((n) => n.kind === 'initiator')) {
			const host = m.initiatorHost(this.r, node.id);
			if (host && this.host(host)) this.edge(node.key, `host ${host.id}`, 'is', '');
		}
	}
}

const builders = {
	lun(b, lun) {
		const targets = m.lunTargets(b.r, lun.id),
			may = m.maskInitiators(b.r, lun.mask);
		b.lun(lun);
		for (const target of targets) {
			b.target(target);
			b.lunTarget(lun, target);
			b.beyond(target, may);
		}
		if (may === null)
			b.node('initiator', '*', () => ({
				name: 'any initiator',
				sub: 'everybody may use it',
			}));
		else b.mayCome(may, targets);
		if (may === null)
			for (const portal of new Set(targets.flatMap((t) => m.targetPortals(b.r, t.id))))
				b.edge(`portal ${portal.id}`, 'initiator *', 'may', 'may log in');
	},
	target(b, target) {
		b.target(target);
		for (const lun of m.targetLuns(b.r, target.id)) {
			b.lun(lun);
			b.lunTarget(lun, target);
		}
		b.beyond(target, null);
		const may = new Set(
			m
				.targetLuns(b.r, target.id)
				.slice(0, 200)
				.flatMap((lun) => m.maskInitiators(b.r, lun.mask) ?? []),
		);
		b.mayCome([...may].slice(0, MOST), [target]);
	},
	portal(b, portal) {
		b.portal(portal);
		for (const target of m.portalTargets(b.r, portal.id)) {
			b.target(target);
			b.edge(`target ${target.id}`, `portal ${portal.id}`, 'is', '');
			for (const lun of m.targetLuns(b.r, target.id).slice(0, MOST + 1))
				if (b.lun(lun)) b.lunTarget(lun, target);
		}
		for (const session of m.portalSessions(b.r, portal.id)) {
			b.initiator(session.initiator);
			b.edge(`portal ${portal.id}`, `initiator ${session.initiator}`, 'session', 'session');
		}
	},
	host(b, host) {
		const names = m.hostInitiators(b.r, host.id).map((i) => i.iscsi_name);
		b.host(host);
		names.forEach((name) => b.initiator(name));
		const luns = m.hostLuns(b.r, host.id),
			targets = new Set();
		for (const lun of luns) {
			b.lun(lun);
			for (const target of m.lunTargets(b.r, lun.id)) {
				targets.add(target);
				if (b.target(target)) b.lunTarget(lun, target);
			}
		}
		for (const session of m.hostSessions(b.r, host.id)) {
			const target = b.r.get('target', session.target_id);
			if (target) {
				targets.add(target);
				b.target(target);
			}
		}
		for (const target of [...targets].slice(0, MOST)) b.beyond(target, names);
		b.mayCome(names, [...targets].slice(0, MOST));
	},
};

/** { nodes, edges, columns: [{ kind, nodes, more }] } around one object. */
export function neighbourhood(r, kind, row) {
	const b = new Builder(r);
	builders[kind](b, row);
	b.hosts();
	return ordered(b, `${kind} ${row.id}`);
}

/** Columns from LUNs to hosts; those without a node are left out. */
function ordered(b, chosen) {
	const edges = [...b.edges.values()];
	const columns = COLUMNS.map((kind) => ({
		kind,
		nodes: [...b.nodes.values()].filter((n) => n.kind === kind),
		more: b.more[kind],
	})).filter((column) => column.nodes.length > 0);

	columns.slice(1).forEach((column, i) => {
		// nodes stand in the order of those before them to which they are joined: fewer crossings
		const before = columns[i].nodes;
		const weight = (node) => {
			const at = edges
				.filter((e) => e.to === node.key || e.from === node.key)
				.map((e) => before.findIndex((n) => n.key === (e.to === node.key ? e.from : e.to)))
				.filter((n) => n >= 0);
			return at.length > 0 ? at.reduce((x, y) => x + y, 0) / at.length : before.length;
		};
		column.nodes.sort((x, y) => weight(x) - weight(y) || x.name.localeCompare(y.name));
	});
	const nodes = columns.flatMap((c) => c.nodes);
	nodes.forEach((node) => {
		node.chosen = node.key === chosen;
	});
	return { nodes, edges, columns };
}

// ---- places ----

/**
 * Where everything stands on so many pixels: { at: Map of key → { x, y }, titles and mores:
 * [{ text, x, y }], stacked, nodeWidth, width, height }.  Columns stand side by side where there is
 * room for them, and else one below the other.
 */
export function arrange(graph, room) {
	const wanted = graph.columns.length * (WIDTH + GAP_X) - GAP_X;
	return room >= wanted ? sideBySide(graph, wanted) : stacked(graph, room);
}

function sideBySide({ columns }, width) {
	const at = new Map(),
		titles = [],
		mores = [];
	const rows = Math.max(1, ...columns.map((c) => c.nodes.length + (c.more > 0 ? 0.6 : 0)));
	const inner = rows * (HEIGHT + GAP_Y) - GAP_Y;

	columns.forEach((column, i) => {
		const x = i * (WIDTH + GAP_X),
			middle = x + WIDTH / 2;
		const height = column.nodes.length * (HEIGHT + GAP_Y) - GAP_Y;
		const top = TOP + (inner - height) / 2;
		titles.push({ text: TITLES[column.kind], x: middle, y: 16 });
		column.nodes.forEach((node, n) => at.set(node.key, { x, y: top + n * (HEIGHT + GAP_Y) }));
		if (column.more > 0)
			mores.push({ text: `and ${column.more} more`, x: middle, y: top + height + 24 });
	});
	return { at, titles, mores, stacked: false, nodeWidth: WIDTH, width, height: TOP + inner + 4 };
}

/** Two nodes in a line; a kind with one node has it in the middle. */
function stacked({ columns }, room) {
	const width = Math.max(room, 2 * MIN_WIDTH + GAP_Y);
	const nodeWidth = Math.min(WIDTH, (width - GAP_Y) / 2);
	const at = new Map(),
		titles = [],
		mores = [];
	let y = 0;

	for (const column of columns) {
		titles.push({ text: TITLES[column.kind], x: 0, y: y + 14 });
		y += 24;
		column.nodes.forEach((node, n) => {
			const alone = n === column.nodes.length - 1 && n % 2 === 0;
			const x = alone
				? (width - nodeWidth) / 2
				: n % 2 === 0
					? (width - GAP_Y) / 2 - nodeWidth
					: (width + GAP_Y) / 2;
			at.set(node.key, { x, y: y + Math.floor(n / 2) * (HEIGHT + GAP_Y) });
		});
		y += Math.ceil(column.nodes.length / 2) * (HEIGHT + GAP_Y);
		if (column.more > 0) {
			mores.push({ text: `and ${column.more} more`, x: width / 2, y: y + 8 });
			y += 22;
		}
		y += 8;
	}
	return { at, titles, mores, stacked: true, nodeWidth, width, height: y };
}

// ---- the path that explain finds ----

// Each step of GET /v1/explain, and the column whose nodes it speaks of.
const STEP_AT = {
	initiator: 'initiator',
	target: 'target',
	portal: 'portal',
	reach: 'portal',
	access: 'portal',
	login: 'initiator',
	mask: 'lun',
	status: 'lun',
	health: 'lun',
};

/**
 * Marks what the explanation speaks of: key of a node or edge → 'good', 'bad'.  What lies behind
 * the first obstacle, seen from the initiator, is not marked.
 */
export function pathMarks(graph, lunId, initiator, explanation) {
	const marks = new Map();
	const bad = explanation.steps.find((s) => s.outcome !== 'ok');
	const obstacle = bad && STEP_AT[bad.step];
	const order = ['initiator', 'portal', 'target', 'lun'];
	const on = (node) =>
		node.kind === 'lun'
			? node.id === lunId
			: node.kind === 'initiator'
				? node.id === initiator
				: node.kind === 'target'
					? graph.edges.some((e) => e.to === node.key && e.from === `lun ${lunId}`)
					: false;
	const path = new Set(graph.nodes.filter(on).map((n) => n.key));
	graph.edges
		.filter((e) => path.has(e.from) && e.to.startsWith('portal '))
		.forEach((e) => path.add(e.to));
	const reached = obstacle ? order.indexOf(obstacle) : order.length;
	for (const node of graph.nodes) {
		const at = order.indexOf(node.kind);
		if (path.has(node.key) && at >= 0 && at <= reached)
			marks.set(node.key, at === reached ? 'bad' : 'good');
	}
	for (const edge of graph.edges)
		if (marks.get(edge.from) && marks.get(edge.to))
			marks.set(
				edge.key,
				marks.get(edge.from) === 'bad' || marks.get(edge.to) === 'bad' ? 'bad' : 'good',
			);
	return marks;
}

/**
 * At most so many characters of a text: its beginning, or the end of an iSCSI name, since those differ
 * at their end, from behind a dot or a colon where there is one.  It is always a part of the text, for
 * those who see it and those who hear all of it.
 */
export function fitting(text, most) {
	if (text.length <= most) return text;
	if (!/^(iqn|eui)\./.test(text)) return text.slice(0, most);
	const end = text.slice(-most),
		whole = end.replace(/^[^.:]*[.:]/, '');
	return whole.length > most / 2 ? whole : end;
}
