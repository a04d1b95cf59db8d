#!/bin/sh
# Loads a dump of pg_dump's into a project, all of it or nothing: one of another project, of Supabase, of any PostgreSQL.
#
#   docs/load-dump.sh DUMP "$db_uri"        DUMP: SQL text (also .gz), or a file or folder for pg_restore
#   docs/load-dump.sh DUMP -                only prints the SQL that would be run
#
# What a platform keeps for itself (schemas auth, storage and the like, event triggers, publications, owners, grants to
# roles that are not here) is left out, and what refers to it is named; policies for files are kept. See docs/dumps.md.
set -eu
[ $# = 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 64; }

as_sql() {
  if [ -d "$1" ] || [ "$(head -c 5 "$1" | tr -d '\0')" = PGDMP ]; then pg_restore --no-owner -f - "$1"
  else case $1 in *.gz) gzip -dc "$1" ;; *) cat "$1" ;; esac
  fi
}

# Statement by statement; the lines of a COPY go through as they are.
for_a_project() {
  LC_ALL=C awk '
    BEGIN {
      names = "auth|storage|extensions|launchdb|launchdb_rest|graphql|graphql_public|realtime|_realtime|_analytics"
      names = names "|supabase_functions|supabase_migrations|vault|pgsodium|pgsodium_masks|pgbouncer|net|cron|pgtle"
      count = split(names, list, "|")
      for (i = 1; i <= count; i++) platforms[list[i]] = 1
      theirs = "\"?(" names ")\"?"
      kinds = "EVENT TRIGGER|PUBLICATION|PUBLICATION TABLE|PUBLICATION TABLES IN SCHEMA|SUBSCRIPTION|DATABASE"
      count = split(kinds "|DATABASE PROPERTIES|DEFAULT ACL|FOREIGN DATA WRAPPER|SERVER|USER MAPPING", list, "|")
      for (i = 1; i <= count; i++) dropped[list[i]] = 1
      role = "\"?(anon|authenticated|service_role|PUBLIC)\"?"
      roles = role "( WITH GRANT OPTION)?;"
      # what an owner makes for the tables of files, and makes here, too
      for_files = "^CREATE POLICY (\"([^\"]|\"\")+\"|[A-Za-z0-9_$]+) ON \"?storage\"?[.]\"?(objects|buckets)\"?"
      for_files = for_files "( AS RESTRICTIVE)?( FOR [A-Z]+)?( TO " role "(, " role ")*)?( USING| WITH CHECK|;)"
    }

    copying { if (!skipping && !of_theirs) print; if ($0 == "\\.") copying = of_theirs = 0; next }

    # what pg_dump says above each object
    statement == "" && /^-- (Data for )?Name: .*; Type: .*; Schema: / {
      count = split($0, facts, "; ")
      kind = schema = ""
      for (i = 1; i <= count; i++) {
        if (facts[i] ~ /^Type: /) kind = substr(facts[i], 7)
        if (facts[i] ~ /^Schema: /) schema = substr(facts[i], 9)
      }
      skipping = ((schema in platforms) && !(kind == "POLICY" && schema == "storage")) || (kind in dropped)
      next
    }
    statement == "" && (/^--/ || /^$/) { next }
    statement == "" && /^\\(un)?restrict / { print; next }
    statement == "" && /^\\/ { left_out($0); next }

    {
      statement = statement == "" ? $0 : statement "\n" $0
      follow_quotes($0)
      if (quote != "" || $0 !~ /;[ \t]*$/) next
      whole = statement
      statement = ""
      if (whole ~ /^COPY .* FROM (stdin|STDIN)/) copying = 1
      if (skipping) next
      of_theirs = copying && refers(whole, "^COPY ")
      if (of_theirs) next
      take(whole)
    }

    END { if (statement != "" && !skipping) print statement }

    # what stands in quotes, such as the body of a function, may look like the end of a statement, or like one
    function follow_quotes(line, at) {
      while (line != "") {
        if (quote == "") {
          if (!match(line, /--|"|\047|\$([A-Za-z_][A-Za-z_0-9]*)?\$/)) return
          quote = substr(line, RSTART, RLENGTH)
          line = substr(line, RSTART + RLENGTH)
          if (quote == "--") { quote = ""; return }
        } else {
          at = index(line, quote)
          if (!at) return
          line = substr(line, at + length(quote))
          quote = ""
        }
      }
    }

    function refers(sql, before) { return sql ~ (before theirs "[.]") }

    function left_out(sql) {
      gsub(/[ \t\n]+/, " ", sql)
      print "left out: " substr(sql, 1, 150) | "cat 1>&2"
    }

    function take(sql) {
      if (sql ~ /^ALTER .* OWNER TO [^\n]*;$/) return
      if (sql ~ /^(GRANT|REVOKE) /) {
        if (sql ~ ("(TO|FROM) " roles "$") && !refers(sql, " ON [A-Z ]* ?") && sql !~ (" ON SCHEMA " theirs " ")) print sql
        return
      }
      if (sql ~ /^ALTER DEFAULT PRIVILEGES FOR /) return
      if (sql ~ ("^CREATE SCHEMA (IF NOT EXISTS )?(" theirs "|\"?public\"?);")) return
      if (sql ~ ("^COMMENT ON (EXTENSION|EVENT TRIGGER|SCHEMA " theirs ")")) return
      if (sql ~ /^SET transaction_timeout/ || sql ~ /^SET SESSION AUTHORIZATION/) return
      if (sql ~ /^CREATE EXTENSION /) { extension(sql); return }
      if (sql ~ /^(CREATE|ALTER|DROP) (PUBLICATION|SUBSCRIPTION|EVENT TRIGGER|DATABASE|SERVER|FOREIGN DATA WRAPPER) /) {
        left_out(sql)
        return
      }
      if (sql ~ for_files) { print sql; return }
      if (refers(sql, "^CREATE (OR REPLACE )?(CONSTRAINT )?TRIGGER [^\n]* ON ") ||
          refers(sql, "^CREATE POLICY [^\n]* ON ") || refers(sql, "^ALTER TABLE [^;]* FOREIGN KEY [^;]* REFERENCES ") ||
          refers(sql, "^(ALTER|CREATE|COMMENT ON) [A-Z ]*(IF NOT EXISTS |ONLY )?")) {
        left_out(sql)
        return
      }
      print sql
    }

    # one that is not to be had here is no reason to load nothing: what needs it will say so
    function extension(sql, words, name, place) {
      gsub(/["\047;]/, "", sql)
      split(sql, words, " ")
      name = words[3] == "IF" ? words[6] : words[3]
      if (name == "plpgsql") return
      place = sql ~ / SCHEMA public/ ? "public" : "extensions"
      print "DO $launchdb$ BEGIN CREATE EXTENSION IF NOT EXISTS \"" name "\" WITH SCHEMA " place ";"
      print "EXCEPTION WHEN OTHERS THEN RAISE WARNING \047left out: extension " name ": %\047, SQLERRM; END $launchdb$;"
    }
  '
}

# A dump tells the grants of its tables from nothing, so what a project gives to every new table must not come on top.
without_defaults() {
  cat <<'SQL'
CREATE TEMPORARY TABLE launchdb_defaults ON COMMIT DROP AS
  SELECT CASE WHEN nspname IS NULL THEN '' ELSE pg_catalog.format('IN SCHEMA %I', nspname) END AS place, privilege_type,
    CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
      ELSE 'SCHEMAS' END AS kind, grantee::pg_catalog.regrole AS grantee
  FROM pg_catalog.pg_default_acl LEFT JOIN pg_catalog.pg_namespace ON pg_namespace.oid = defaclnamespace,
    pg_catalog.aclexplode(defaclacl)
  WHERE defaclrole = current_user::pg_catalog.regrole
    AND grantee IN (SELECT oid FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated', 'service_role'));
DO $$ DECLARE given record; BEGIN FOR given IN SELECT * FROM pg_temp.launchdb_defaults LOOP
  EXECUTE pg_catalog.format('ALTER DEFAULT PRIVILEGES %s REVOKE %s ON %s FROM %s',
    given.place, given.privilege_type, given.kind, given.grantee);
END LOOP; END $$;
SQL
  cat "$1"
  cat <<'SQL'

DO $$ DECLARE given record; BEGIN FOR given IN SELECT * FROM pg_temp.launchdb_defaults LOOP
  EXECUTE pg_catalog.format('ALTER DEFAULT PRIVILEGES %s GRANT %s ON %s TO %s',
    given.place, given.privilege_type, given.kind, given.grantee);
END LOOP; END $$;
SQL
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# whole before anything is run
as_sql "$1" >"$folder/dump.sql"
for_a_project <"$folder/dump.sql" >"$folder/objects.sql"
without_defaults "$folder/objects.sql" >"$folder/project.sql"
if [ "$2" = - ]; then cat "$folder/project.sql"
else psql -X -q -v ON_ERROR_STOP=1 --single-transaction -o /dev/null -f "$folder/project.sql" "$2"
fi
