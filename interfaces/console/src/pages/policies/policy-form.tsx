import { useState, type SubmitEvent } from 'react';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Select } from '../../components/select.tsx';
import { toast } from '../../components/toast.ts';
import { Checkbox } from '../../components/toggle.tsx';
import type { Policy, PolicyCommand, TablePolicies } from '../../data/catalogue.ts';
import { useRunSql } from '../../data/run-sql.tsx';
import { policies as texts } from '../../texts/en/policies.ts';
import { alterPolicy, createPolicy, takesCheck, takesUsing } from './policy-sql.ts';
import { freeName, ownerColumn, TEMPLATES, type TemplateName } from './templates.ts';
import styles from './policies.module.css';

export interface Edited {
  readonly table: TablePolicies;
  /** null: a new one */
  readonly policy: Policy | null;
}

const COMMANDS: readonly PolicyCommand[] = ['ALL', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'];
const ROLES = ['public', 'anon', 'authenticated', 'service_role'];

function fromTemplate(name: TemplateName, column: string, taken: readonly Policy[]): Policy {
  const made = TEMPLATES.find((template) => template.name === name)?.make(column);
  if (!made) throw new Error(`there is no template ${name}`);
  const names = taken.map((policy) => policy.name);
  return { ...made, name: made.name && freeName(made.name, names) };
}

const isWhole = ({ name, roles, command, using, check }: Policy): boolean =>
  name !== '' &&
  roles.length > 0 &&
  Boolean((takesUsing(command) && using) || (takesCheck(command) && check));

interface PolicyFormProps {
  readonly project: string;
  readonly edited: Edited;
  readonly onClose: () => void;
}

export function PolicyForm({ project, edited: { table, policy: before }, onClose }: PolicyFormProps) {
  const [column, setColumn] = useState(ownerColumn(table.columns, table.uuids) ?? '');
  const [template, setTemplate] = useState<TemplateName>('own-rows');
  const [policy, setPolicy] = useState(() => before ?? fromTemplate('own-rows', column, table.policies));
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const run = useRunSql(project);
  const place = { schema: table.schema, table: table.name };
  const sql = before ? alterPolicy(place, before, policy) : createPolicy(place, policy);
  const begin = (name: TemplateName, from: string) => {
    setTemplate(name);
    setColumn(from);
    setPolicy(fromTemplate(name, from, table.policies));
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await run(sql);
      toast.done(texts.saved(policy.name));
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      wide
      title={before ? texts.editTitle(before.name) : texts.newTitle(`${table.schema}.${table.name}`)}
      onOpenChange={onClose}
    >
      <form className={styles['form']} onSubmit={(event) => void submit(event)}>
        {!before && <Beginning {...{ template, column, table }} onBegin={begin} />}
        <PolicyFields policy={policy} onChange={setPolicy} />
        <CodeBlock label={texts.sql} code={sql === '' ? `-- ${texts.nothing}` : sql} />
        {error !== null && <Notice tone="bad" error={error} />}
        <div className={styles['end']}>
          {!isWhole(policy) && <span className={styles['note']}>{texts.needs}</span>}
          <Button type="submit" look="primary" busy={busy} disabled={!isWhole(policy) || sql === ''}>
            {before ? texts.save : texts.create}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface BeginningProps {
  readonly template: TemplateName;
  readonly column: string;
  readonly table: TablePolicies;
  readonly onBegin: (template: TemplateName, column: string) => void;
}

function Beginning({ template, column, table, onBegin }: BeginningProps) {
  const needsColumn = TEMPLATES.find(({ name }) => name === template)?.needsColumn === true;
  return (
    <div className={styles['pair']}>
      <Select
        label={texts.template}
        options={TEMPLATES.map(({ name }) => ({ value: name, label: texts.templates[name] }))}
        value={template}
        onValueChange={(name) => onBegin(name, column)}
      />
      {needsColumn && (
        <Select
          label={texts.column}
          {...(table.uuids.length === 0 && { hint: texts.columnHint })}
          options={table.columns.map((name) => ({ value: name, label: name }))}
          value={column}
          onValueChange={(name) => onBegin(template, name)}
        />
      )}
    </div>
  );
}

interface PolicyFieldsProps {
  readonly policy: Policy;
  readonly onChange: (policy: Policy) => void;
}

function PolicyFields({ policy, onChange }: PolicyFieldsProps) {
  const change = (part: Partial<Policy>) => onChange({ ...policy, ...part });
  const roles = [...new Set([...ROLES, ...policy.roles])];
  const toggle = (role: string, on: boolean) =>
    change({ roles: on ? [...policy.roles, role] : policy.roles.filter((one) => one !== role) });
  return (
    <>
      <TextField
        label={texts.name}
        value={policy.name}
        onValueChange={(name) => change({ name })}
        autoComplete="off"
      />
      <div className={styles['pair']}>
        <Select
          label={texts.command}
          options={COMMANDS.map((command) => ({ value: command, label: command }))}
          value={policy.command}
          onValueChange={(command) => change({ command })}
        />
        <Select
          label={texts.kind}
          options={[
            { value: 'permissive', label: texts.permissive },
            { value: 'restrictive', label: texts.restrictive },
          ]}
          value={policy.permissive ? 'permissive' : 'restrictive'}
          onValueChange={(kind) => change({ permissive: kind === 'permissive' })}
        />
      </div>
      <fieldset className={styles['roles']}>
        <legend>{texts.roles}</legend>
        {roles.map((role) => (
          <Checkbox
            key={role}
            label={role === 'public' ? texts.everybody : role}
            checked={policy.roles.includes(role)}
            onCheckedChange={(on) => toggle(role, on)}
          />
        ))}
      </fieldset>
      {takesUsing(policy.command) && (
        <TextField
          label={texts.using}
          hint={texts.usingHint}
          rows={2}
          value={policy.using ?? ''}
          onValueChange={(using) => change({ using: using || null })}
          spellCheck={false}
          mono
        />
      )}
      {takesCheck(policy.command) && (
        <TextField
          label={texts.check}
          hint={texts.checkHint}
          optional={takesUsing(policy.command)}
          rows={2}
          value={policy.check ?? ''}
          onValueChange={(check) => change({ check: check || null })}
          spellCheck={false}
          mono
        />
      )}
    </>
  );
}
