// SPDX-License-Identifier: LGPL-2.1-or-later
// The views, and the links to them at the side.
import { Icon } from './icons.jsx';
import { Link } from './ui.jsx';
import { Overview } from './views/overview.jsx';
import { Lun, Luns } from './views/luns.jsx';
import { Snapshot, Snapshots } from './views/snapshots.jsx';
import { Schedule, Schedules } from './views/schedules.jsx';
import { Trash } from './views/trash.jsx';
import { Target, Targets } from './views/targets.jsx';
import { Portal, Portals } from './views/portals.jsx';
import { Host, Hosts } from './views/hosts.jsx';
import { HostGroup, HostGroups } from './views/groups.jsx';
import { Sessions } from './views/sessions.jsx';
import { Pool, Pools } from './views/pools.jsx';
import { Drive, Hardware } from './views/hardware.jsx';
import { Jobs } from './views/jobs.jsx';
import { History } from './views/history.jsx';
import { Audit } from './views/audit.jsx';
import { Tokens } from './views/tokens.jsx';

// title; of each view: name, title, icon, the view of all, the view of one
const SECTIONS = [
	['', [['overview', 'Overview', 'overview', Overview]]],
	[
		'Storage',
		[
			['luns', 'LUNs', 'lun', Luns, Lun],
			['snapshots', 'Snapshots', 'snapshot', Snapshots, Snapshot],
			['schedules', 'Schedules', 'schedule', Schedules, Schedule],
			['trash', 'Trash', 'trash', Trash],
			['pools', 'Pools', 'pool', Pools, Pool],
			['hardware', 'Hardware', 'drive', Hardware, Drive],
		],
	],
	[
		'Access',
		[
			['targets', 'Targets', 'target', Targets, Target],
			['portals', 'Portals', 'portal', Portals, Portal],
			['hosts', 'Hosts', 'host', Hosts, Host],
			['groups', 'Host groups', 'group', HostGroups, HostGroup],
			['sessions', 'Sessions', 'session', Sessions],
		],
	],
	[
		'Activity',
		[
			['jobs', 'Jobs', 'job', Jobs],
			['history', 'Changes', 'history', History],
		],
	],
	[
		'Administration',
		[
			['tokens', 'API tokens', 'token', Tokens],
			['audit', 'Audit log', 'audit', Audit],
		],
	],
];
export const VIEWS = SECTIONS.flatMap(([, views]) => views);

// The number beside a link; '' = none.
const all = (family) => (r) => r.list(family).length;
const some = (family) => (r) => r.list(family).length || '';
const MARKS = {
	luns: all('lun'),
	snapshots: some('snapshot'),
	schedules: some('snapshot_schedule'),
	trash: some('trashed_lun'),
	pools: all('pool'),
	targets: all('target'),
	portals: all('portal'),
	hosts: all('host'),
	groups: some('host_group'),
	sessions: all('live_session'),
	jobs: (r) => r.list('job').filter((job) => job.state === 'running').length || '',
};

const Mark = ({ view, replica, health }) => {
	const problems = view === 'overview' ? (health?.problems.length ?? 0) : 0;
	if (problems > 0)
		return (
			<span class={`mark ${health.status}`}>
				{problems}
				<span class="away"> {problems === 1 ? 'problem' : 'problems'}</span>
			</span>
		);
	const mark = MARKS[view]?.(replica) ?? '';
	return mark === '' ? null : <span class="mark">{mark.toLocaleString('en')}</span>;
};

export const Nav = ({ current, replica, health, onGo }) =>
	SECTIONS.map(([title, views]) => (
		<div class="nav-section" key={title}>
			{title && (
				<p class="nav-title" id={`nav-${title}`}>
					{title}
				</p>
			)}
			<ul aria-labelledby={title ? `nav-${title}` : undefined}>
				{views.map(([name, words, icon]) => (
					<li key={name}>
						<Link
							view={name}
							aria-current={current === name ? 'page' : undefined}
							onClick={onGo}
						>
							<Icon name={icon} />
							<span>{words}</span>
							<Mark view={name} replica={replica} health={health} />
						</Link>
					</li>
				))}
			</ul>
		</div>
	));
