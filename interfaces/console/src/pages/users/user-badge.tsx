import { useState } from 'react';
import { Badge, type Tone } from '../../components/status.tsx';
import { users as texts } from '../../texts/en/users.ts';
import type { User } from './auth-admin.ts';
import { stateOf, type UserState } from './user-state.ts';

const TONES: Readonly<Record<UserState, Tone>> = {
  confirmed: 'good',
  unconfirmed: 'warn',
  invited: 'busy',
  anonymous: 'calm',
  banned: 'bad',
  deleted: 'calm',
};

export function UserBadge({ user }: { readonly user: User }) {
  const [now] = useState(() => new Date());
  const state = stateOf(user, now);
  return <Badge tone={TONES[state]}>{texts.states[state]}</Badge>;
}
