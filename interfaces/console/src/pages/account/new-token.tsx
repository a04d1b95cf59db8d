import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { api, dataOf, type PersonalToken } from '../../api/api.ts';
import { projectsQuery } from '../../api/projects.ts';
import { queryClient } from '../../api/query-client.ts';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Select } from '../../components/select.tsx';
import { Checkbox } from '../../components/toggle.tsx';
import { account as texts } from '../../texts/en/account.ts';
import styles from './account.module.css';

type Scope = PersonalToken['scopes'][number];
type Days = keyof typeof texts.expiry;
const SCOPES = Object.keys(texts.scopes) as Scope[];
const EXPIRY = Object.entries(texts.expiry).map(([value, label]) => ({ value: value as Days, label }));
const DAY_MS = 86_400_000;
const ALL = 'all';

interface NewTokenProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

/** Asks what it may do, then shows it, once. */
export function NewToken({ open, onOpenChange }: NewTokenProps) {
  const [token, setToken] = useState<string>();
  const change = (now: boolean) => {
    setToken(undefined);
    onOpenChange(now);
  };
  return (
    <Dialog
      passing={token !== undefined}
      open={open}
      onOpenChange={change}
      title={token === undefined ? texts.newToken : texts.created}
    >
      {token === undefined ? (
        <Form onMade={setToken} />
      ) : (
        <>
          <Notice tone="good">{texts.createdHint}</Notice>
          <CodeBlock line code={token} label={texts.created} />
          <div className={styles['buttons']}>
            <Button look="primary" onClick={() => change(false)}>
              {texts.done}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}

function useIssue(onMade: (token: string) => void) {
  return useMutation({
    mutationFn: async (asked: { name: string; scopes: Scope[]; project: string; days: Days }) => {
      const { name, scopes, project, days } = asked;
      const until = days === 'never' ? undefined : new Date(new Date().getTime() + Number(days) * DAY_MS);
      const body = {
        name,
        scopes,
        ...(project !== ALL && { project_id: project }),
        ...(until && { expires_at: until.toISOString() }),
      };
      const { token } = await dataOf(api.POST('/api/tokens', { body }));
      return token;
    },
    onSuccess: (token) => {
      onMade(token);
      return queryClient.invalidateQueries({ queryKey: ['tokens'] });
    },
  });
}

function Form({ onMade }: { readonly onMade: (token: string) => void }) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>(['read']);
  const [project, setProject] = useState(ALL);
  const [days, setDays] = useState<Days>('90');
  const issue = useIssue(onMade);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    issue.mutate({ name, scopes: [...scopes], project, days });
  };
  return (
    <form onSubmit={submit} className={styles['form']}>
      <TextField
        label={texts.name}
        hint={texts.nameHint}
        required
        maxLength={100}
        autoComplete="off"
        value={name}
        onValueChange={setName}
      />
      <fieldset className={styles['scopes']}>
        <legend>{texts.rights}</legend>
        {SCOPES.map((scope) => (
          <Checkbox
            key={scope}
            label={texts.scopes[scope].label}
            hint={texts.scopes[scope].hint}
            checked={scopes.includes(scope)}
            onCheckedChange={(on) =>
              setScopes(SCOPES.filter((one) => (one === scope ? on : scopes.includes(one))))
            }
          />
        ))}
      </fieldset>
      <div className={styles['two']}>
        <ProjectChoice value={project} onValueChange={setProject} />
        <Select label={texts.expires} options={EXPIRY} value={days} onValueChange={setDays} />
      </div>
      {issue.error && <Notice tone="bad" error={issue.error} />}
      <div className={styles['buttons']}>
        <Button
          type="submit"
          look="primary"
          busy={issue.isPending}
          disabled={name.trim() === '' || scopes.length === 0}
        >
          {texts.create}
        </Button>
      </div>
    </form>
  );
}

function ProjectChoice(chosen: { readonly value: string; readonly onValueChange: (id: string) => void }) {
  const { data: projects = [] } = useQuery(projectsQuery);
  const options = projects
    .filter(({ status }) => status !== 'purged')
    .map(({ id, display_name: label }) => ({ value: id, label }));
  return (
    <Select
      label={texts.project}
      options={[{ value: ALL, label: texts.everyProject }, ...options]}
      {...chosen}
    />
  );
}
