/**
 * What a project's database has, asked of PostgreSQL's catalogue as the owner. Each question is one statement that answers
 * one JSON document, so that the bound of 1,000 rows of an answer does not cut it.
 */

export type TableKind = 'table' | 'partitioned' | 'view' | 'materialized' | 'foreign';

export type Privilege = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

export interface TableSummary {
  readonly schema: string;
  readonly name: string;
  readonly kind: TableKind;
  readonly partition_of: string | null;
  readonly comment: string | null;
  /** rows as PostgreSQL follows them, or by the last ANALYZE; null: it knows nothing */
  readonly estimate: number | null;
  readonly bytes: number;
  /** the owner's, and not the platform's */
  readonly own: boolean;
  readonly rls: boolean;
  readonly policies: number;
  /** of a view: it reads with the rights of who asks, so that policies hold */
  readonly as_invoker: boolean;
  /** what the role `anon` may do, policies aside */
  readonly anon: readonly Privilege[];
}

const KIND = `CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned' WHEN 'v' THEN 'view'
  WHEN 'm' THEN 'materialized' ELSE 'foreign' END`;

/** the owner may change some of the platform's tables, but it is the platform that keeps them */
const OF_PLATFORM = `n.nspname IN ('auth', 'storage', 'extensions', 'launchdb')`;
const OWN = `(pg_get_userbyid(c.relowner) = current_user AND NOT ${OF_PLATFORM})`;

const SUMMARY = `
  n.nspname AS schema, c.relname AS name, ${KIND} AS kind,
  (SELECT parent.relname FROM pg_inherits JOIN pg_class parent ON parent.oid = inhparent
    WHERE inhrelid = c.oid AND c.relispartition) AS partition_of,
  obj_description(c.oid, 'pg_class') AS comment,
  CASE WHEN c.relkind IN ('r', 'm') AND pg_relation_size(c.oid) = 0 THEN 0
    WHEN pg_stat_get_live_tuples(c.oid) > 0 THEN pg_stat_get_live_tuples(c.oid)
    WHEN c.reltuples <= 0 OR c.relkind = 'v' THEN NULL ELSE c.reltuples::int8 END AS estimate,
  CASE c.relkind WHEN 'v' THEN 0
    WHEN 'p' THEN (SELECT coalesce(sum(pg_total_relation_size(relid)), 0) FROM pg_partition_tree(c.oid))
    ELSE coalesce(pg_total_relation_size(c.oid), 0) END AS bytes,
  ${OWN} AS own,
  c.relrowsecurity AS rls,
  (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) AS policies,
  coalesce(c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)
    AS as_invoker,
  CASE WHEN has_schema_privilege('anon', n.oid, 'USAGE') THEN ARRAY(
    SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p
    WHERE CASE p WHEN 'DELETE' THEN has_table_privilege('anon', c.oid, p)
      ELSE has_any_column_privilege('anon', c.oid, p) END) ELSE '{}' END AS anon`;

const FROM = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;
const OF_USE = `c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** All tables and views, by schema and name. */
export const TABLES = `SELECT coalesce(json_agg(t ORDER BY t.own DESC, t.schema, t.name), '[]') AS found
  FROM (SELECT ${SUMMARY} ${FROM} WHERE ${OF_USE}) t`;

export interface Schema {
  readonly name: string;
  /** the owner may make tables in it */
  readonly own: boolean;
}

export const SCHEMAS = `SELECT coalesce(json_agg(s ORDER BY s.own DESC, s.name), '[]') AS found FROM (
  SELECT nspname AS name, has_schema_privilege(n.oid, 'CREATE') AND NOT ${OF_PLATFORM} AS own
  FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') s`;

export interface Column {
  readonly name: string;
  /** as PostgreSQL writes it, such as `numeric(10,2)` */
  readonly type: string;
  /** of the type without its modifier; of a domain, of what it is over */
  readonly base: string;
  readonly not_null: boolean;
  readonly default: string | null;
  readonly identity: 'always' | 'by default' | null;
  readonly generated: boolean;
  readonly comment: string | null;
  /** of an enum */
  readonly labels: readonly string[] | null;
}

export interface ForeignKey {
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly to_schema: string;
  readonly to_table: string;
  readonly to_columns: readonly string[];
}

export interface Constraint {
  readonly name: string;
  readonly kind: 'primary' | 'unique' | 'foreign' | 'check' | 'exclusion';
  readonly definition: string;
}

export interface Index {
  readonly name: string;
  readonly definition: string;
  readonly bytes: number;
  readonly valid: boolean;
}

export type PolicyCommand = 'ALL' | 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

export interface Policy {
  readonly name: string;
  readonly command: PolicyCommand;
  readonly permissive: boolean;
  /** `public` is everybody */
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

export interface Trigger {
  readonly name: string;
  readonly definition: string;
  readonly enabled: boolean;
}

export interface Table extends TableSummary {
  readonly columns: readonly Column[];
  /** what tells one row from all others: the primary key, or else unique columns that are never NULL; or nothing */
  readonly key: readonly string[];
  readonly constraints: readonly Constraint[];
  readonly foreign_keys: readonly ForeignKey[];
  readonly referenced_by: readonly ForeignKey[];
  readonly indexes: readonly Index[];
  readonly policy_list: readonly Policy[];
  readonly triggers: readonly Trigger[];
}

const names = (numbers: string, relation: string): string => `ARRAY(
  SELECT attname FROM unnest(${numbers}) WITH ORDINALITY AS k (number, place)
  JOIN pg_attribute ON attrelid = ${relation} AND attnum = k.number ORDER BY place)`;

const listed = (rows: string, order: string): string =>
  `(SELECT coalesce(json_agg(l ORDER BY ${order}), '[]') FROM (${rows}) l)`;

const COLUMNS = `SELECT a.attnum AS place, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
    b.typname AS base, a.attnotnull OR coalesce(t.typnotnull, false) AS not_null,
    a.attgenerated <> '' AS generated,
    pg_get_expr(d.adbin, d.adrelid) AS default,
    CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
    col_description(a.attrelid, a.attnum) AS comment,
    CASE WHEN b.typtype = 'e' THEN ARRAY(
      SELECT enumlabel FROM pg_enum WHERE enumtypid = b.oid ORDER BY enumsortorder) END AS labels
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`;

const KEY = `coalesce((
  SELECT ${names('i.indkey', 'c.oid')} FROM pg_index i
  WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
    AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attnum = ANY (i.indkey) AND NOT attnotnull)
  ORDER BY i.indisprimary DESC, i.indnatts, i.indexrelid LIMIT 1), '{}')`;

const CONSTRAINTS = `SELECT conname AS name, pg_get_constraintdef(oid) AS definition,
    CASE contype WHEN 'p' THEN 'primary' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign'
      WHEN 'c' THEN 'check' ELSE 'exclusion' END AS kind
  FROM pg_constraint WHERE conrelid = c.oid AND contype IN ('p', 'u', 'f', 'c', 'x')`;

const foreignKeys = (where: string): string => `SELECT f.conname AS name,
    fn.nspname AS schema, ft.relname AS table, ${names('f.conkey', 'f.conrelid')} AS columns,
    rn.nspname AS to_schema, rt.relname AS to_table, ${names('f.confkey', 'f.confrelid')} AS to_columns
  FROM pg_constraint f
  JOIN pg_class ft ON ft.oid = f.conrelid JOIN pg_namespace fn ON fn.oid = ft.relnamespace
  JOIN pg_class rt ON rt.oid = f.confrelid JOIN pg_namespace rn ON rn.oid = rt.relnamespace
  WHERE f.contype = 'f' AND f.conparentid = 0 AND ${where}`;

const INDEXES = `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition,
    coalesce(pg_relation_size(i.indexrelid), 0) AS bytes, i.indisvalid AS valid
  FROM pg_index i WHERE i.indrelid = c.oid`;

const POLICIES = `SELECT polname AS name, polpermissive AS permissive,
    CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
      ELSE 'ALL' END AS command,
    ARRAY(SELECT CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r) END FROM unnest(polroles) r) AS roles,
    pg_get_expr(polqual, polrelid) AS using, pg_get_expr(polwithcheck, polrelid) AS check
  FROM pg_policy WHERE polrelid = c.oid`;

const TRIGGERS = `SELECT tgname AS name, pg_get_triggerdef(oid) AS definition, tgenabled <> 'D' AS enabled
  FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal`;

/** One table with all that belongs to it; parameters: its schema, its name. No row: there is none. */
export const TABLE = `SELECT row_to_json(t) AS found FROM (SELECT ${SUMMARY},
  ${listed(COLUMNS, 'l.place')} AS columns,
  ${KEY} AS key,
  ${listed(CONSTRAINTS, 'l.kind, l.name')} AS constraints,
  ${listed(foreignKeys('f.conrelid = c.oid'), 'l.name')} AS foreign_keys,
  ${listed(foreignKeys('f.confrelid = c.oid'), 'l.schema, l.table, l.name')} AS referenced_by,
  ${listed(INDEXES, 'l.name')} AS indexes,
  ${listed(POLICIES, 'l.name')} AS policy_list,
  ${listed(TRIGGERS, 'l.name')} AS triggers
  ${FROM} WHERE ${OF_USE} AND n.nspname = $1 AND c.relname = $2) t`;

export interface TableNames {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** What an editor completes: every table with its columns. */
export const COMPLETIONS = `SELECT coalesce(json_agg(t), '[]') AS found FROM (
  SELECT n.nspname AS schema, c.relname AS name, ARRAY(
    SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns
  ${FROM} WHERE ${OF_USE} ORDER BY 1, 2 LIMIT 3000) t`;

export interface TablePolicies {
  readonly schema: string;
  readonly name: string;
  readonly rls: boolean;
  readonly columns: readonly string[];
  /** of these, what may hold the id of a user */
  readonly uuids: readonly string[];
  readonly policies: readonly Policy[];
}

/** The policies of every table that the owner may change. */
export const ALL_POLICIES = `SELECT coalesce(json_agg(t ORDER BY t.schema, t.name), '[]') AS found FROM (
  SELECT n.nspname AS schema, c.relname AS name, c.relrowsecurity AS rls, ARRAY(
    SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns,
  ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    AND atttypid = 'uuid'::regtype ORDER BY attnum) AS uuids,
  ${listed(POLICIES, 'l.name')} AS policies
  ${FROM} WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND (${OWN} OR n.nspname = 'storage' AND c.relname IN ('objects', 'buckets'))) t`;

/** Names of types by their number; parameter: the numbers, as an array. */
export const TYPE_NAMES = `SELECT coalesce(json_object_agg(oid, format_type(oid, NULL)), '{}') AS found
  FROM pg_type WHERE oid = ANY ($1::oid[])`;
