import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { api, dataOf, type Project } from '../../api/api.ts';
import { isProblem } from '../../api/problem.ts';
import { projectQuery, projectsQuery } from '../../api/projects.ts';
import { queryClient } from '../../api/query-client.ts';
import { PageHeader } from '../../components/page.tsx';
import { Button, buttonClass } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { Notice } from '../../components/notice.tsx';
import { useUnsaved } from '../../components/unsaved.ts';
import { CreationPlan } from '../../components/plan/creation-plan.tsx';
import { create as texts } from '../../texts/en/create.ts';
import { isGoodName, nameFrom } from './project-name.ts';
import styles from './create-project.module.css';

/** Then the steps are watched where the project is. */
function useCreation(key: string) {
  const [, navigate] = useLocation();
  return useMutation({
    mutationFn: async (body: { readonly name: string; readonly display_name: string }) =>
      // no plan was asked for
      (await dataOf(
        api.POST('/api/projects', {
          // the answer comes with the first step: the others are watched
          params: { header: { prefer: 'wait=0', 'idempotency-key': key } },
          body: { ...body },
        }),
      )) as Project,
    onSuccess: (project) => {
      queryClient.setQueryData(projectQuery(project.id).queryKey, project);
      void queryClient.invalidateQueries({ queryKey: projectsQuery.queryKey });
      navigate(`/projects/${project.id}`, { replace: true });
    },
  });
}

export default function CreateProject() {
  const [title, setTitle] = useState('');
  const [typed, setTyped] = useState<string>();
  // the same request twice makes one project
  const [key] = useState(() => crypto.randomUUID());
  const name = typed ?? nameFrom(title);
  const fault = useNameFault(name);
  const creation = useCreation(key);
  useUnsaved(title !== '' && creation.isIdle);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (name !== '' && fault === undefined)
      creation.mutate({ name, display_name: title.trim() === '' ? name : title.trim() });
  };
  const { error } = creation;
  const taken = isProblem(error, 'project/name-taken') ? texts.taken : undefined;
  return (
    <div className={styles['page']}>
      <PageHeader title={texts.title} description={texts.description} />
      <form onSubmit={submit} className={styles['form']}>
        <TextField
          label={texts.shown}
          hint={texts.shownHint}
          // the one thing to do here
          // oxlint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          autoComplete="off"
          maxLength={100}
          value={title}
          onValueChange={setTitle}
        />
        <TextField
          label={texts.name}
          hint={name === '' ? texts.nameHint : <Free />}
          error={name === '' ? undefined : (taken ?? fault)}
          mono
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          value={name}
          onValueChange={setTyped}
        />
        {error && !taken && <Notice tone="bad" title={texts.failed} error={error} />}
        <CreationPlan name={name !== '' && fault === undefined ? name : undefined} />
        <div className={styles['buttons']}>
          <Link href="/" className={buttonClass()}>
            {texts.cancel}
          </Link>
          <Button
            type="submit"
            look="primary"
            busy={creation.isPending || creation.isSuccess}
            disabled={name === '' || fault !== undefined}
          >
            {texts.create}
          </Button>
        </div>
      </form>
    </div>
  );
}

const Free = () => (
  <span className={styles['free']}>
    <Icon name="check" size={14} />
    {texts.free}
  </span>
);

/** While it is typed; the platform judges in the end. */
function useNameFault(name: string): string | undefined {
  const { data: projects = [] } = useQuery(projectsQuery);
  if (!isGoodName(name)) return texts.form;
  return projects.some((one) => one.name === name && one.status !== 'purged') ? texts.taken : undefined;
}
