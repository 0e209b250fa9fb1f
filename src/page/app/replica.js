// SPDX-License-Identifier: LGPL-2.1-or-later
// The rows of the array as the browser knows them: filled from GET /v1/snapshot and kept up to
// date by the changes of the event stream (docs/design/api.md).  No network, no page: plain data.

/** A change does not follow the one before it: the replica must be loaded anew. */
export class Gap extends Error {}

const keyOf = (row) => row.id ?? Object.values(row).slice(0, 2).join();

export class Replica {
	constructor() {
		this.families = new Map(); // name -> Map of key -> row
		this.versions = new Map(); // name -> number that grows with each change
		this.lists = new Map(); // name -> array, made when it is asked for
		this.memos = new Map(); // what memo() has computed
		this.position = null;
		this.coming = null; // live rows behind a hello, until they are complete
	}

	/** Takes the whole state from the answer to GET /v1/snapshot. */
	load(snapshot) {
		this.families.clear();
		for (const part of [snapshot.config, snapshot.live])
			for (const [plural, rows] of Object.entries(part))
				if (Array.isArray(rows)) this.fill(plural.slice(0, -1), rows);
		this.position = snapshot.config.position;
		for (const family of new Set([...this.versions.keys(), ...this.families.keys()]))
			this.touch(family);
	}

	fill(family, rows) {
		this.families.set(family, new Map(rows.map((row) => [keyOf(row), row])));
	}

	touch(family) {
		this.versions.set(family, this.version(family) + 1);
		this.lists.delete(family);
	}

	put(change) {
		for (const [family, rows] of Object.entries(change.put ?? {})) {
			if (!this.families.has(family)) this.families.set(family, new Map());
			const map = this.families.get(family);
			rows.forEach((row) => map.set(keyOf(row), row));
			this.touch(family);
		}
		for (const [family, keys] of Object.entries(change.delete ?? {})) {
			keys.forEach((key) => this.families.get(family)?.delete([].concat(key).join()));
			this.touch(family);
		}
	}

	/** The beginning of a stream: live rows come anew behind it. */
	hello(data) {
		if (
			this.position === null ||
			data.position.array !== this.position.array ||
			data.position.incarnation !== this.position.incarnation
		)
			throw new Gap('the array is another one than before');
		this.coming = [];
	}

	/**
	 * Live rows.  Behind a hello come all of them, in parts of which the last one is a `live`
	 * event; they replace those of before at once, so that nothing flickers.
	 */
	liveRows(change, last) {
		if (this.coming === null) return this.put(change);
		this.coming.push(change);
		if (!last) return;
		for (const [family, rows] of this.families)
			if (family.startsWith('live_') && rows.size > 0) {
				rows.clear();
				this.touch(family);
			}
		this.coming.forEach((part) => this.put(part));
		this.coming = null;
	}

	/** A change of configuration.  Those that are known already have no effect. */
	change(change) {
		if (change.sequence <= this.position.sequence) return;
		if (change.sequence !== this.position.sequence + 1)
			throw new Gap(`change ${change.sequence} came after ${this.position.sequence}`);
		this.put(change);
		this.position = { ...this.position, sequence: change.sequence, digest: change.digest };
	}

	version(family) {
		return this.versions.get(family) ?? 0;
	}

	/** The rows of a family; the same array until the family changes. */
	list(family) {
		if (!this.lists.has(family))
			this.lists.set(family, [...(this.families.get(family)?.values() ?? [])]);
		return this.lists.get(family);
	}

	/** Whether an object with this id is known, of whatever family of the configuration. */
	has(id) {
		return [...this.families].some(
			([family, rows]) => !family.startsWith('live_') && rows.has(id),
		);
	}

	get(family, key) {
		return this.families.get(family)?.get(key);
	}

	/** What `compute(this)` returns; computed again only when one of the families has changed. */
	memo(name, families, compute) {
		const stamp = families.map((family) => this.version(family)).join();
		const known = this.memos.get(name);
		if (known && known.stamp === stamp) return known.value;
		const value = compute(this);
		this.memos.set(name, { stamp, value });
		return value;
	}
}
