import { useQuery } from '@tanstack/react-query';
import { partQuery } from '../../api/operator.ts';
import { Meter } from '../../components/amounts.tsx';
import { PageHeader } from '../../components/page.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge, Status, type ProjectStatus } from '../../components/status.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import { Background } from './background.tsx';
import { Drift } from './drift.tsx';
import { Failures } from './failures.tsx';
import { Live } from './frame.tsx';
import styles from './operator.module.css';
import { Part } from './part.tsx';
import { Pools } from './pools.tsx';
import { Views } from './views.tsx';

/** How the platform stands now. */
export default function Overview() {
  return (
    <>
      <PageHeader title={texts.pages.overview} beside={<Live />} />
      <div className={styles['page']}>
        <Failures />
        <div className={styles['pair']}>
          <Capacity />
          <DataApis />
        </div>
        <Pools />
        <Views />
        <Background />
        <Drift />
      </div>
    </>
  );
}

function Capacity() {
  const query = useQuery(partQuery('/api/operator/capacity'));
  return (
    <Part title={texts.capacity} query={query}>
      {({ servers, away, projects }) => (
        <div className={styles['stack']}>
          {away.map((server) => (
            <Notice key={server} tone="bad">
              {texts.server(server)}: {texts.serverAway}
            </Notice>
          ))}
          {servers.map(({ server, used, limit, max_connections: most, connections_per_project: each }) => (
            <div key={server} className={styles['amount']}>
              <div className={styles['line']}>
                <span className={styles['strong']}>{texts.server(server)}</span>
                <span>{texts.inService(used, limit)}</span>
              </div>
              <Meter value={used} most={limit} label={texts.server(server)} />
              <span className={styles['soft']}>{texts.connections(most, each)}</span>
            </div>
          ))}
          <div className={styles['line']}>
            <span className={styles['soft']}>{texts.byStatus}</span>
            <span className={styles['badges']}>
              {Object.entries(projects).map(([status, count]) => (
                <span key={status} className={styles['badges']}>
                  {count} <Status status={status as ProjectStatus} />
                </span>
              ))}
              {Object.keys(projects).length === 0 && texts.none}
            </span>
          </div>
        </div>
      )}
    </Part>
  );
}

function DataApis() {
  const query = useQuery(partQuery('/api/operator/data-apis'));
  return (
    <Part title={texts.dataApis} query={query}>
      {({ data_apis: all }) => {
        const odd = all.filter(({ wanted, state }) => (wanted ? state !== 'as-wanted' : state !== 'absent'));
        const fine = all.filter(({ wanted, state }) => wanted && state === 'as-wanted').length;
        return (
          <div className={styles['stack']}>
            {odd.length === 0 && <p>{fine === 0 ? texts.noDataApis : texts.dataApisFine(fine)}</p>}
            {odd.map(({ project_id: id, wanted, state }) => (
              <div key={id} className={styles['line']}>
                <code>{id}</code>
                <span className={styles['badges']}>
                  <Badge>{wanted ? texts.wanted : texts.unwanted}</Badge>
                  <Badge tone="bad">{state}</Badge>
                </span>
              </div>
            ))}
          </div>
        );
      }}
    </Part>
  );
}
