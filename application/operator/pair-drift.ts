export interface DriftFact {
  /** whose: of a project, or the pooler's own */
  readonly stream: string;
  readonly projectId: string | null;
  readonly at: Date;
  readonly what: string;
  /** null: it was put right */
  readonly found: { readonly expected: string; readonly actual: string } | null;
}

export interface Drift {
  readonly projectId: string | null;
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  readonly foundAt: Date;
  /** null: not yet */
  readonly repairedAt: Date | null;
}

/** Each thing that was found with when it was put right. @param facts newest first @returns newest first */
export function pairDrift(facts: readonly DriftFact[]): readonly Drift[] {
  const repaired = new Map<string, Date>();
  const drift: Drift[] = [];
  for (const { stream, projectId, at, what, found } of facts) {
    const of = JSON.stringify([stream, what]);
    if (!found) repaired.set(of, at);
    else {
      drift.push({ projectId, what, ...found, foundAt: at, repairedAt: repaired.get(of) ?? null });
      // one that was found before has an end of its own
      repaired.delete(of);
    }
  }
  return drift;
}
