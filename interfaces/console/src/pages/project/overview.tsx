import { useQuery } from '@tanstack/react-query';
import type { Project } from '../../api/api.ts';
import { isProblem } from '../../api/problem.ts';
import { projectQuery } from '../../api/projects.ts';
import { ExactTime, RelativeTime } from '../../components/amounts.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { KeyValueList } from '../../components/key-value.tsx';
import { PageHeader, Section } from '../../components/page.tsx';
import { StepProgress } from '../../components/plan/step-progress.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Status } from '../../components/status.tsx';
import { project as texts } from '../../texts/en/project.ts';
import { useProjectId } from '../../way/project-id.ts';
import { RecentActivity } from '../log/recent-activity.tsx';
import { Connect } from './connect.tsx';
import { DangerZone } from './danger-zone.tsx';
import { HeaderActions } from './header-actions.tsx';
import styles from './overview.module.css';
import { NewerVersion } from './newer-version.tsx';
import { Trouble } from './trouble.tsx';
import { Usage } from './usage.tsx';
import { UseOverTime } from './use-over-time.tsx';

export default function Overview() {
  const id = useProjectId();
  const { data: project, error, refetch } = useQuery(projectQuery(id));
  // also of one that was there a moment ago
  if (isProblem(error, 'project/not-found'))
    return (
      <EmptyState whole icon="database" title={texts.noneTitle}>
        {texts.none}
      </EmptyState>
    );
  if (project) return <Found project={project} />;
  if (error) return <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />;
  return <SkeletonRows rows={4} height="120px" />;
}

/** those that have been in service, and are not about to be gone */
const HAS_FIGURES: readonly Project['status'][] = [
  'active',
  'sleeping',
  'waking',
  'pausing',
  'paused',
  'resuming',
  'deleted',
];

function Found({ project }: { readonly project: Project }) {
  const isServed = ['active', 'sleeping', 'waking'].includes(project.status);
  return (
    <>
      <PageHeader
        title={project.display_name}
        beside={<Status status={project.status} />}
        actions={<HeaderActions project={project} />}
      />
      <div className={styles['page']}>
        {/* it follows the events, each of which has the project read again */}
        <StepProgress project={project.id} />
        <Trouble project={project} />
        <NewerVersion project={project} />
        {isServed && <Connect project={project} />}
        {HAS_FIGURES.includes(project.status) && <UseOverTime project={project.id} />}
        <div className={styles['pair']}>
          <Usage project={project} />
          <Details project={project} />
        </div>
        <RecentActivity project={project.id} />
        <DangerZone project={project} />
      </div>
    </>
  );
}

function Details({ project }: { readonly project: Project }) {
  const items = [
    {
      key: texts.id,
      value: (
        <span className={styles['id']}>
          <code>{project.id}</code>
          <CopyButton what={project.id} />
        </span>
      ),
    },
    { key: texts.name, value: project.name },
    { key: texts.created, value: <ExactTime at={project.created_at} /> },
    { key: texts.changed, value: <RelativeTime at={project.updated_at} /> },
    {
      key: texts.lastUse,
      value: project.last_used_at === null ? texts.notUsed : <RelativeTime at={project.last_used_at} />,
    },
    { key: texts.template, value: project.template_version },
    { key: texts.revision, value: project.revision + 1 },
  ];
  return (
    <Section title={texts.details}>
      <KeyValueList items={items} />
    </Section>
  );
}
