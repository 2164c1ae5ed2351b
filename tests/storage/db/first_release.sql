-- The schema of the first release and a few rows, as its code wrote them. SERIAL is INTEGER on SQLite.
CREATE TABLE logs (
    log_id SERIAL NOT NULL,
    run_id VARCHAR(80) NOT NULL,
    task VARCHAR(60) NOT NULL,
    at VARCHAR(32) NOT NULL,
    level VARCHAR(10) NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (log_id)
);
CREATE INDEX logs_by_run ON logs (run_id, log_id);
CREATE TABLE runs (
    run_id VARCHAR(80) NOT NULL,
    pipeline VARCHAR(40) NOT NULL,
    state VARCHAR(16) NOT NULL,
    as_of VARCHAR(10) NOT NULL,
    params JSON NOT NULL,
    force BOOLEAN NOT NULL,
    cause VARCHAR(20) NOT NULL,
    cause_run_id VARCHAR(80),
    cause_detail JSON NOT NULL,
    parent_run_id VARCHAR(80),
    slot VARCHAR(80),
    request_key VARCHAR(80),
    requested_by VARCHAR(80) NOT NULL,
    requested_at VARCHAR(32) NOT NULL,
    started_at VARCHAR(32),
    finished_at VARCHAR(32),
    error JSON,
    owner VARCHAR(120),
    epoch INTEGER NOT NULL,
    heartbeat_at VARCHAR(32),
    cancel_requested_at VARCHAR(32),
    pins JSON NOT NULL,
    PRIMARY KEY (run_id),
    FOREIGN KEY(cause_run_id) REFERENCES runs (run_id),
    FOREIGN KEY(parent_run_id) REFERENCES runs (run_id),
    UNIQUE (slot),
    UNIQUE (request_key)
);
CREATE UNIQUE INDEX one_active_run ON runs (pipeline) WHERE state IN ('queued', 'running');
CREATE INDEX runs_by_pipeline ON runs (pipeline, requested_at);
CREATE INDEX runs_by_time ON runs (requested_at);
CREATE TABLE source_digests (
    path TEXT NOT NULL,
    stamp VARCHAR(120) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    UNIQUE (path, stamp)
);
CREATE TABLE attempts (
    run_id VARCHAR(80) NOT NULL,
    task VARCHAR(60) NOT NULL,
    part VARCHAR(120) NOT NULL,
    attempt INTEGER NOT NULL,
    state VARCHAR(16) NOT NULL,
    started_at VARCHAR(32) NOT NULL,
    finished_at VARCHAR(32),
    error JSON,
    PRIMARY KEY (run_id, task, part, attempt),
    FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE TABLE decisions (
    decision_id SERIAL NOT NULL,
    run_id VARCHAR(80) NOT NULL,
    monitoring_date VARCHAR(10) NOT NULL,
    status VARCHAR(16) NOT NULL,
    numbers JSON NOT NULL,
    action VARCHAR(20) NOT NULL,
    reason TEXT NOT NULL,
    requested_run_id VARCHAR(80),
    decided_at VARCHAR(32) NOT NULL,
    PRIMARY KEY (decision_id),
    FOREIGN KEY(run_id) REFERENCES runs (run_id),
    FOREIGN KEY(requested_run_id) REFERENCES runs (run_id)
);
CREATE TABLE models (
    version VARCHAR(40) NOT NULL,
    model_name VARCHAR(60) NOT NULL,
    run_id VARCHAR(80) NOT NULL,
    created_at VARCHAR(32) NOT NULL,
    files JSON NOT NULL,
    summary JSON NOT NULL,
    trained_on JSON NOT NULL,
    PRIMARY KEY (version),
    FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE TABLE publications (
    publication_id SERIAL NOT NULL,
    table_name VARCHAR(80) NOT NULL,
    version VARCHAR(80) NOT NULL,
    run_id VARCHAR(80) NOT NULL,
    published_at VARCHAR(32) NOT NULL,
    PRIMARY KEY (publication_id),
    FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE INDEX publications_by_table ON publications (table_name, publication_id);
CREATE TABLE table_versions (
    table_name VARCHAR(80) NOT NULL,
    version VARCHAR(80) NOT NULL,
    run_id VARCHAR(80) NOT NULL,
    created_at VARCHAR(32) NOT NULL,
    rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    digest VARCHAR(64) NOT NULL,
    content JSON NOT NULL,
    removed_at VARCHAR(32),
    PRIMARY KEY (table_name, version),
    FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE TABLE tasks (
    run_id VARCHAR(80) NOT NULL,
    task VARCHAR(60) NOT NULL,
    position INTEGER NOT NULL,
    state VARCHAR(16) NOT NULL,
    attempts INTEGER NOT NULL,
    parts_done INTEGER NOT NULL,
    parts_total INTEGER NOT NULL,
    rows_in BIGINT,
    rows_out BIGINT,
    started_at VARCHAR(32),
    finished_at VARCHAR(32),
    error JSON,
    blamed VARCHAR(60),
    cache_key VARCHAR(64),
    key_after VARCHAR(64),
    cached_from VARCHAR(80),
    outcome JSON,
    PRIMARY KEY (run_id, task),
    FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE INDEX tasks_by_key ON tasks (cache_key);
CREATE INDEX tasks_by_key_after ON tasks (key_after);
CREATE TABLE alias_events (
    event_id SERIAL NOT NULL,
    alias VARCHAR(40) NOT NULL,
    version VARCHAR(40) NOT NULL,
    at VARCHAR(32) NOT NULL,
    who VARCHAR(80) NOT NULL,
    why TEXT NOT NULL,
    run_id VARCHAR(80),
    PRIMARY KEY (event_id),
    FOREIGN KEY(version) REFERENCES models (version),
    FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE INDEX alias_events_by_alias ON alias_events (alias, event_id);
INSERT INTO logs (run_id, task, at, level, message)
    VALUES ('training-20260301-020000-0a1b', 'train', '2026-03-01T02:00:00.000000+00:00', 'INFO', 'It''s done: ''größer''; 100%');
INSERT INTO logs (run_id, task, at, level, message)
    VALUES ('training-20260301-020000-0a1b', 'train', '2026-03-01T02:00:00.000000+00:00', 'WARNING', 'second line');
INSERT INTO runs (run_id, pipeline, state, as_of, params, force, cause, cause_detail, requested_by, requested_at, started_at, finished_at, error, owner, epoch, heartbeat_at, pins)
    VALUES ('training-20260301-020000-0a1b', 'training', 'succeeded', '2026-03-01', '{"data": "/data/M\u00e4rz"}', false, 'manual', '{}', 'operator', '2026-03-01T02:00:00.000000+00:00', '2026-03-01T02:00:00.000000+00:00', '2026-03-01T02:00:10.000000+00:00', 'null', 'worker:1', 1, '2026-03-01T02:00:00.000000+00:00', '{}');
INSERT INTO runs (run_id, pipeline, state, as_of, params, force, cause, cause_run_id, cause_detail, slot, requested_by, requested_at, epoch, pins)
    VALUES ('training-20260301-030000-2c3d', 'training', 'queued', '2026-03-01', '{}', true, 'governance', 'training-20260301-020000-0a1b', '{}', 'training@2026-03-01T02:00', 'governance gate', '2026-03-01T03:00:00.000000+00:00', 0, '{}');
INSERT INTO source_digests (path, stamp, sha256)
    VALUES ('/data/lms_loan_daily.csv', '10:1', 'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd');
INSERT INTO attempts (run_id, task, part, attempt, state, started_at, finished_at, error)
    VALUES ('training-20260301-020000-0a1b', 'train', '', 1, 'succeeded', '2026-03-01T02:00:00.000000+00:00', '2026-03-01T02:00:09.000000+00:00', 'null');
INSERT INTO decisions (run_id, monitoring_date, status, numbers, action, reason, requested_run_id, decided_at)
    VALUES ('training-20260301-020000-0a1b', '2026-03-01', 'retrain', '{"psi": 0.31}', 'requested', 'PSI 0.310', 'training-20260301-030000-2c3d', '2026-03-01T02:00:00.000000+00:00');
INSERT INTO models (version, model_name, run_id, created_at, files, summary, trained_on)
    VALUES ('20260301_020009', 'LogisticRegression', 'training-20260301-020000-0a1b', '2026-03-01T02:00:00.000000+00:00', '{"model": {"name": "best_model_20260301_020009.pkl", "bytes": 10, "sha256": "abababababababababababababababababababababababababababababababab"}}', '{"test_auc": 0.71}', '{"gold.model_predictions": "training-20260301-020000-0a1b"}');
INSERT INTO publications (table_name, version, run_id, published_at)
    VALUES ('gold.model_predictions', 'training-20260301-020000-0a1b', 'training-20260301-020000-0a1b', '2026-03-01T02:00:00.000000+00:00');
INSERT INTO table_versions (table_name, version, run_id, created_at, rows, bytes, digest, content)
    VALUES ('gold.model_predictions', 'training-20260301-020000-0a1b', 'training-20260301-020000-0a1b', '2026-03-01T02:00:00.000000+00:00', 10, 4000000000, 'b32914cd620087fa50645bbba8268fc3bc9d92aeb427bc6b985477b9b4a65830', '{"table": "gold.model_predictions", "version": "training-20260301-020000-0a1b", "parts": [{"name": "part-0.parquet", "rows": 10, "bytes": 4000000000, "sha256": "dddddddd"}], "dates": [], "sources": {}}');
INSERT INTO tasks (run_id, task, position, state, attempts, parts_done, parts_total)
    VALUES ('training-20260301-020000-0a1b', 'create_bronze', 0, 'queued', 0, 0, 1);
INSERT INTO tasks (run_id, task, position, state, attempts, parts_done, parts_total, rows_in, rows_out, started_at, finished_at, cache_key, outcome)
    VALUES ('training-20260301-020000-0a1b', 'train', 1, 'succeeded', 1, 1, 1, 10, 4000000000, '2026-03-01T02:00:00.000000+00:00', '2026-03-01T02:00:09.000000+00:00', 'k', '{"outcome": {"values": {"auc": 0.71}}, "extended": {}}');
INSERT INTO alias_events (alias, version, at, who, why, run_id)
    VALUES ('champion', '20260301_020009', '2026-03-01T02:00:00.000000+00:00', 'run training-20260301-020000-0a1b', 'newest', 'training-20260301-020000-0a1b');
