import { log as texts } from '../../texts/en/log.ts';

export interface Actor {
  readonly kind: string;
  readonly id: string;
}

/** Who it was, as people say it. @param self the owner who looks */
export function actorWords({ kind, id }: Actor, self: string | undefined): string {
  switch (kind) {
    case 'owner':
      return id === self ? texts.you : texts.owner(id);
    case 'token':
      return texts.token(id);
    case 'operator':
      return texts.operator(id);
    default:
      return texts.process(id);
  }
}
