import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { ApiProblem } from '../../api/problem.ts';
import { PageHeader, Section, useTitle } from '../../components/page.tsx';
import { durationText, ExactTime } from '../../components/amounts.tsx';
import { buttonClass } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { KeyValueList } from '../../components/key-value.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { migrations as texts } from '../../texts/en/migrations.ts';
import { History } from './migration-history.tsx';
import styles from './migrations.module.css';
import { useMigrations } from './use-migrations.ts';

/** One that is applied: its SQL, and every try of it. */
export function Migration({ version }: { readonly version: number }) {
  const { project, one } = useMigrations();
  const found = useQuery(one(version));
  useTitle(found.data?.name ?? texts.title);
  const back = (
    <Link href={`/projects/${project}/migrations`} className={buttonClass()}>
      {texts.back}
    </Link>
  );
  if (found.isPending) return <SkeletonRows />;
  if (found.isError && found.error instanceof ApiProblem && found.error.status < 500)
    return <EmptyState icon="migration" title={texts.one.notFound} action={back} />;
  if (found.isError)
    return <ErrorState title={texts.notRead} error={found.error} retry={() => void found.refetch()} />;
  const { name, sql, checksum, applied_at: at, duration_ms: ms, history } = found.data;
  return (
    <>
      <PageHeader title={name} actions={back} />
      <div className={styles['sections']}>
        <Section title={texts.one.details}>
          <KeyValueList
            items={[
              { key: texts.one.version, value: version },
              { key: texts.one.appliedAt, value: <ExactTime at={at} /> },
              { key: texts.one.took, value: durationText(ms) },
              { key: texts.one.checksum, value: <code>{checksum}</code> },
            ]}
          />
        </Section>
        <Section title={texts.one.sql}>
          <CodeBlock label={texts.one.sql} code={sql} />
        </Section>
        <History rows={history} ofOne />
      </div>
    </>
  );
}
