// SPDX-License-Identifier: LGPL-2.1-or-later
// What a person wants to know first: is it well, how full is it, what does it do, what goes on.
import { Icon } from '../icons.jsx';
import { bytes, plural, time } from '../format.js';
import * as m from '../model.js';
import { Load } from '../plots.jsx';
import { useStore } from '../store.js';
import { Action, Card, Empty, Head, Link, Meter, Progress, Words } from '../ui.jsx';
import { jobKind } from './jobs.jsx';
import { createHost, createLun, createTarget, expose } from '../dialogs.js';

// The view that shows an object of a family.
export const VIEW_OF = {
	lun: 'luns',
	target: 'targets',
	portal: 'portals',
	host: 'hosts',
	pool: 'pools',
	live_drive: 'hardware',
	snapshot: 'snapshots',
	snapshot_schedule: 'schedules',
	live_snapshot_schedule: 'schedules',
	job: 'jobs',
	session: 'sessions',
	live_session: 'sessions',
};

const HEALTH = {
	ok: ['ok', 'Everything is in order'],
	warning: ['warn', 'Something needs attention'],
	critical: ['bad', 'Something is wrong'],
};

const Health = ({ health }) => {
	const [level, text] = HEALTH[health?.status] ?? ['busy', 'Asking vdsd…'];
	return (
		<section class={`health ${level}`} aria-labelledby="health">
			<div class="health-sign">
				<Icon name={level} />
			</div>
			<div>
				<h2 id="health">{text}</h2>
				{health?.problems.length > 0 && (
					<ul class="problems">
						{health.problems.map((p) => (
							<li key={p.id + p.text}>
								<p>
									{VIEW_OF[p.family] ? (
										<Link view={VIEW_OF[p.family]} id={p.id}>
											{p.text}
										</Link>
									) : (
										p.text
									)}
								</p>
								<p class="soft">
									<Words text={p.hint} />
								</p>
							</li>
						))}
					</ul>
				)}
				{health?.status === 'ok' && <p class="soft">vdsd has found no problem.</p>}
			</div>
		</section>
	);
};

const Tile = ({ view, icon, title, number, sub }) => (
	<Link view={view} class="tile">
		<Icon name={icon} />
		<span class="tile-number">{number.toLocaleString('en')}</span>
		<span class="tile-title">{title}</span>
		<span class="tile-sub">{sub}</span>
	</Link>
);

const Space = ({ r }) => (
	<Card title="Space">
		{r.list('pool').map((pool) => {
			const live = r.get('live_pool', pool.id),
				luns = m.poolLuns(r, pool.id);
			const promised = luns.reduce((sum, lun) => sum + lun.size_bytes, 0);
			return (
				<div class="space" key={pool.id}>
					<Meter
						label={
							<Link view="pools" id={pool.id}>
								{pool.name}
							</Link>
						}
						used={live ? live.capacity_bytes - live.free_bytes : 0}
						whole={live?.capacity_bytes ?? 0}
						level={m.poolState(r, pool).level}
					/>
					<p class="soft">
						{bytes(live?.free_bytes ?? 0)} free · {plural(luns.length, 'LUN')} of{' '}
						{bytes(promised)} use {bytes(live?.allocated_bytes ?? 0)}
					</p>
				</div>
			);
		})}
	</Card>
);

const Running = ({ r }) => {
	const jobs = r.list('job').filter((job) => job.state === 'running');
	return (
		jobs.length > 0 && (
			<Card title="Jobs" aside={<Link view="jobs">All jobs</Link>}>
				<ul class="lines">
					{jobs.slice(0, 5).map((job) => (
						<li key={job.id}>
							<span>
								{jobKind(job)}{' '}
								<Link view="luns" id={job.lun_id}>
									{job.lun_name}
								</Link>
								{job.paused && ', paused'}
							</span>
							<Progress
								value={r.get('live_job', job.id)?.percent ?? 0}
								label={`${jobKind(job)} ${job.lun_name}`}
							/>
						</li>
					))}
				</ul>
			</Card>
		)
	);
};

const Sessions = ({ r }) => {
	const sessions = [...r.list('live_session')].sort((a, b) => b.created_ms - a.created_ms);
	return (
		<Card title="Newest sessions" aside={<Link view="sessions">All sessions</Link>}>
			{sessions.length === 0 ? (
				<p class="soft">No initiator is logged in.</p>
			) : (
				<ul class="lines">
					{sessions.slice(0, 5).map((s) => {
						const host = m.initiatorHost(r, s.initiator);
						return (
							<li key={s.id}>
								<span>
									{host ? (
										<Link view="hosts" id={host.id}>
											{host.name}
										</Link>
									) : (
										<span class="mono">{s.initiator}</span>
									)}{' '}
									with{' '}
									<Link view="targets" id={s.target_id}>
										{m.targetName(r.get('target', s.target_id))}
									</Link>
								</span>
								<span class="soft num">{time(s.created_ms).slice(0, 16)}</span>
							</li>
						);
					})}
				</ul>
			)}
		</Card>
	);
};

const First = () => (
	<Card>
		<Empty icon="lun" title="This array has no LUN yet">
			<p>
				A LUN is a disk that the array serves. Expose one: the page makes the LUN, the
				target through which it is reached, and the host that may use it, in one step.
			</p>
			<p class="row">
				<Action operation="lunCreate" icon="plus" kind="main" onClick={() => expose()}>
					Expose a LUN
				</Action>
			</p>
		</Empty>
	</Card>
);

export function Overview() {
	const { replica: r, health } = useStore();
	const luns = r.list('lun'),
		size = luns.reduce((sum, lun) => sum + lun.size_bytes, 0);
	const listening = r.list('portal').filter((p) => m.portalState(r, p).level === 'ok').length;
	const jobs = r.list('job').filter((j) => j.state === 'running').length;
	const loggedIn = new Set(
		r
			.list('live_session')
			.map((s) => m.initiatorHost(r, s.initiator)?.id)
			.filter(Boolean),
	).size;
	return (
		<>
			<Head title="Overview">
				<Action operation="hostCreate" icon="plus" onClick={createHost}>
					Host
				</Action>
				<Action operation="targetCreate" icon="plus" onClick={createTarget}>
					Target
				</Action>
				<Action operation="lunCreate" icon="plus" onClick={createLun}>
					LUN
				</Action>
				<Action operation="lunCreate" icon="plus" kind="main" onClick={() => expose()}>
					Expose a LUN
				</Action>
			</Head>
			<Health health={health} />
			<div class="tiles">
				<Tile
					view="luns"
					icon="lun"
					title={luns.length === 1 ? 'LUN' : 'LUNs'}
					number={luns.length}
					sub={bytes(size)}
				/>
				<Tile
					view="targets"
					icon="target"
					title="Targets"
					number={r.list('target').length}
					sub={plural(r.list('association').length, 'association')}
				/>
				<Tile
					view="portals"
					icon="portal"
					title="Portals"
					number={r.list('portal').length}
					sub={`${listening} listening`}
				/>
				<Tile
					view="hosts"
					icon="host"
					title="Hosts"
					number={r.list('host').length}
					sub={`${loggedIn} logged in`}
				/>
				<Tile
					view="sessions"
					icon="session"
					title="Sessions"
					number={r.list('live_session').length}
					sub={jobs > 0 ? plural(jobs, 'running job') : 'no running job'}
				/>
			</div>
			{luns.length === 0 && <First />}
			<div class="columns">
				<Space r={r} />
				<div class="stack">
					<Running r={r} />
					<Sessions r={r} />
				</div>
			</div>
			<Load pick={(all) => all.total} title="Load of all LUNs" />
		</>
	);
}
