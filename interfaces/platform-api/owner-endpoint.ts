/** How the platform API's routes are declared: who may ask, with what a token needs for it, and how often. */
import type { TokenScope } from '../../application/ports/personal-tokens.ts';
import { endpointsFor, type Caller, type Endpoint as HttpEndpoint } from '../http/endpoint.ts';

/** Who asks, as the token says. */
export interface Owner {
  readonly id: string;
  /** they are there in person, by the console's cookie, in the session of this token */
  readonly session?: { readonly tokenHash: string };
  /** a personal token stands in for them, with less than all rights */
  readonly token?: {
    readonly id: string;
    readonly scopes: readonly string[];
    /** null: all projects */
    readonly projectId: string | null;
  };
}

/** An owner as what they sent proves them. */
export interface ProvenOwner extends Owner {
  /** of that proof, if nobody takes it back before; null: for ever */
  readonly goodUntil: Date | null;
}

export interface OwnerCaller extends Caller {
  readonly known: { readonly owner: Owner };
}

interface OwnerRules {
  /** the answer holds keys or passwords: a personal token needs the scope `secrets` for it, too */
  readonly revealsSecrets: boolean;
  /**
   * How often it may be asked: `check` reads the whole log, `statement` bounds by itself what it leaves there, what a
   * `document` leaves there may be large, and a `retry` keeps the engine busy that all share.
   */
  readonly rate: 'plain' | 'check' | 'statement' | 'document' | 'retry';
}

/** `session`: the owner in person, not a personal token of theirs. */
type OwnerWays = Readonly<Record<'owner' | 'session', OwnerCaller['known']>>;

export type Endpoint = HttpEndpoint<'owner' | 'session'> & OwnerRules;

export const endpoint = endpointsFor<OwnerWays, OwnerRules>({ revealsSecrets: false, rate: 'plain' });

/** What a personal token needs for an endpoint. */
export const scopesOf = ({
  method,
  revealsSecrets,
}: Pick<Endpoint, 'method' | 'revealsSecrets'>): readonly TokenScope[] => [
  method === 'get' ? 'read' : 'write',
  ...(revealsSecrets ? (['secrets'] as const) : []),
];
