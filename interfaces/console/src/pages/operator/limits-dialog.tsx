import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { api, dataOf } from '../../api/api.ts';
import { refreshOperator, useMayWrite, type MayUse, type OperatorProject } from '../../api/operator.ts';
import { ApiProblem } from '../../api/problem.ts';
import { Bytes } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { SkeletonRows } from '../../components/states.tsx';
import { toast } from '../../components/toast.ts';
import { operator as texts } from '../../texts/en/operator.ts';
import { limitOf, LIMITS, textOf, type Limit } from './limit-texts.ts';
import styles from './operator.module.css';

interface LimitsProps {
  readonly project: OperatorProject;
  readonly onOver: () => void;
}

export function LimitsDialog({ project: { id, name }, onOver }: LimitsProps) {
  const { data: may, error } = useQuery({
    queryKey: ['operator', 'limits', id],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/operator/projects/{id}/limits', { params: { path: { id } }, signal })),
    staleTime: 0,
    // what is typed must not be written over
    refetchOnWindowFocus: false,
  });
  return (
    <Dialog open onOpenChange={onOver} title={texts.limitsTitle(name)} description={texts.limitsHint}>
      {may ? (
        <Form id={id} may={may} onOver={onOver} />
      ) : error ? (
        <Notice tone="bad" error={error} />
      ) : (
        <SkeletonRows rows={5} />
      )}
    </Dialog>
  );
}

function Form({
  id,
  may,
  onOver,
}: {
  readonly id: string;
  readonly may: MayUse;
  readonly onOver: () => void;
}) {
  const mayWrite = useMayWrite();
  const [typed, setTyped] = useState<Partial<Record<Limit, string>>>({});
  const shown = (limit: Limit) => typed[limit] ?? textOf(may.own[limit]);
  const values = LIMITS.map((limit) => [limit, limitOf(shown(limit))] as const);
  const saving = useMutation({
    mutationFn: () => {
      const changed = values.filter(([limit, value]) => value !== undefined && value !== may.own[limit]);
      const body = Object.fromEntries(changed);
      return dataOf(api.PATCH('/api/operator/projects/{id}/limits', { params: { path: { id } }, body }));
    },
    onSuccess: async (now) => {
      toast.done(texts.saved, now.in_force ? undefined : texts.comingInForce);
      onOver();
      await refreshOperator();
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  const { error } = saving;
  const faultOf = (limit: Limit, value: number | null | undefined) =>
    value === undefined ? texts.notANumber : error instanceof ApiProblem ? error.faultOf(limit) : undefined;
  return (
    <form onSubmit={submit} className={styles['form']}>
      {may.fill && (
        <Notice tone="warn" title={texts.fill(may.fill.level)}>
          <Bytes value={may.fill.bytes} /> / <Bytes value={may.fill.limit_bytes} />
        </Notice>
      )}
      <div className={styles['two']}>
        {values.map(([limit, value]) => (
          <TextField
            key={limit}
            label={texts.limit[limit]}
            hint={texts.platforms(may.platform[limit] ?? 0)}
            error={faultOf(limit, value)}
            inputMode="numeric"
            autoComplete="off"
            readOnly={!mayWrite}
            value={shown(limit)}
            onValueChange={(text) => setTyped((before) => ({ ...before, [limit]: text }))}
          />
        ))}
      </div>
      {error && <Notice tone="bad" error={error} />}
      {mayWrite && (
        <div className={styles['buttons']}>
          <Button
            type="submit"
            look="primary"
            busy={saving.isPending}
            disabled={values.some(([, value]) => value === undefined)}
          >
            {texts.save}
          </Button>
        </div>
      )}
    </form>
  );
}
