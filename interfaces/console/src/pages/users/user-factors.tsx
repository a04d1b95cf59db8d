import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useAct } from '../../components/act.ts';
import { Section } from '../../components/page.tsx';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { user as texts } from '../../texts/en/users.ts';
import { useSettings } from '../settings/use-settings.ts';
import type { User } from './auth-admin.ts';
import { useUsers } from './use-users.ts';
import styles from './users.module.css';

interface Key {
  readonly id: string;
  readonly is: 'factor' | 'passkey';
  readonly name: string;
  readonly kind: string;
  readonly since: string;
}

const kindOf = (type: string): string =>
  type in texts.factorTypes ? texts.factorTypes[type as keyof typeof texts.factorTypes] : type;

/** What a user signs in with beside a password. */
export function UserFactors({ user }: { readonly user: User }) {
  const { admin, passkeys } = useUsers();
  // where they are off, nobody is to be asked for any
  const hasPasskeys = useQuery(useSettings().queries.auth).data?.settings.passkeys.enabled === true;
  const found = useQuery({ ...passkeys(user.id), enabled: hasPasskeys });
  const { act } = useAct('users');
  const [asked, setAsked] = useState<Key | null>(null);
  const keys: readonly Key[] = [
    ...(user.factors ?? []).map((factor): Key => ({
      id: factor.id,
      is: 'factor',
      name: factor.friendly_name ?? texts.unnamed,
      kind:
        factor.status === 'verified'
          ? kindOf(factor.factor_type)
          : `${kindOf(factor.factor_type)}, ${texts.unverified.toLowerCase()}`,
      since: factor.created_at,
    })),
    ...(found.data ?? []).map((passkey): Key => ({
      id: passkey.id,
      is: 'passkey',
      name: passkey.friendly_name ?? texts.unnamed,
      kind: texts.passkeys,
      since: passkey.created_at,
    })),
  ];
  const remove = async () => {
    if (asked?.is === 'factor') await act(texts.factorRemoved, () => admin.removeFactor(user.id, asked.id));
    else if (asked) await act(texts.passkeyRemoved, () => admin.removePasskey(user.id, asked.id));
  };
  const isPasskey = asked?.is === 'passkey';
  return (
    <Section title={texts.factors}>
      {keys.length === 0 && <p className={styles['soft']}>{texts.factorsNone}</p>}
      <ul className={styles['list']}>
        {keys.map((key) => (
          <li key={key.id} className={styles['item']}>
            <span className={styles['name']}>
              {key.name}
              <span className={styles['soft']}>
                {key.kind} · <RelativeTime at={key.since} />
              </span>
            </span>
            <Button small onClick={() => setAsked(key)}>
              {texts.removeFactor}
            </Button>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(open) => !open && setAsked(null)}
        title={isPasskey ? texts.removePasskeyTitle : texts.removeFactorTitle}
        description={isPasskey ? texts.removePasskeyDescription : texts.removeFactorDescription}
        action={texts.removeFactor}
        danger
        onConfirm={remove}
      />
    </Section>
  );
}
