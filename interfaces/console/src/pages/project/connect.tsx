import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Connection, type Project } from '../../api/api.ts';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Notice } from '../../components/notice.tsx';
import { Section } from '../../components/page.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { project as texts } from '../../texts/en/project.ts';
import styles from './overview.module.css';
import { snippetsOf, type Reached } from './snippets.ts';

/** what stands for a secret that nobody has asked to see */
const HIDDEN = {
  anonKey: 'ANON_KEY',
  uri: 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE',
} as const;

/** Addresses, and on demand keys and passwords, which are kept in this page alone and gone with it. */
export function Connect({ project }: { readonly project: Project }) {
  const [shown, setShown] = useState<Connection>();
  const revealing = useMutation({
    mutationFn: () =>
      dataOf(api.GET('/api/projects/{id}/connection', { params: { path: { id: project.id } } })),
    onSuccess: setShown,
  });
  const { error, isPending, mutate } = revealing;
  return (
    <Section title={texts.connect} description={texts.connectHint}>
      <div className={styles['connect']}>
        <div className={styles['reveal']}>
          <p className={styles['soft']}>{shown ? texts.showing : texts.recorded}</p>
          {shown ? (
            <Button onClick={() => setShown(undefined)}>{texts.hide}</Button>
          ) : (
            <Button icon="key" busy={isPending} onClick={() => mutate()}>
              {texts.show}
            </Button>
          )}
        </div>
        {error && <Notice tone="bad" error={error} />}
        {shown && <Strings connection={shown} />}
        <Tabs label={texts.snippets} tabs={snippetsOf(reached(project, shown)).map(tabOf)} />
      </div>
    </Section>
  );
}

const tabOf = ({ value, label, code }: ReturnType<typeof snippetsOf>[number]) => ({
  value,
  label,
  panel: <CodeBlock code={code} label={label} />,
});

const reached = ({ id }: Project, shown: Connection | undefined): Reached => ({
  apiUrl: shown?.api_url ?? `${location.origin}/project/${id}`,
  anonKey: shown?.anon_key ?? HIDDEN.anonKey,
  uri: shown ? shown.db_uri : HIDDEN.uri,
  pooledUri: shown ? shown.db_uri_pooler : HIDDEN.uri,
});

function Strings({ connection }: { readonly connection: Connection }) {
  const rows = [
    { label: texts.apiUrl, hint: undefined, value: connection.api_url },
    { label: texts.anonKey, hint: texts.anonHint, value: connection.anon_key },
    { label: texts.serviceKey, hint: texts.serviceHint, value: connection.service_role_key },
    { label: texts.uri, hint: texts.uriHint, value: connection.db_uri },
    { label: texts.pooled, hint: texts.pooledHint, value: connection.db_uri_pooler },
  ];
  return (
    <div className={styles['strings']}>
      {rows.map(({ label, hint, value }) => (
        <div key={label} className={styles['string']}>
          <h3 className={styles['label']}>{label}</h3>
          {value === null ? (
            <p className={styles['soft']}>{texts.unreachableUri}</p>
          ) : (
            <CodeBlock line code={value} label={label} />
          )}
          {hint !== undefined && <p className={styles['hint']}>{hint}</p>}
        </div>
      ))}
    </div>
  );
}
