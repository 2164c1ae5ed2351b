"""What holds the product together where something fails, and for each such guard a test that fails without it."""

from dataclasses import dataclass

SCHEMA = "storage/db/schema.py"  # of which a new ledger is made
LEASES = "storage/ledger/leases.py"
OF_LEASES = "tests/storage/ledger/test_leases.py::"
OF_FOLDERS = "tests/storage/files/test_folder.py::"
OF_DATAMART = "tests/storage/lake/test_datamart.py::"
OF_MODELS = "tests/storage/lake/test_model_store.py::"


@dataclass(frozen=True)
class Guard:
    """A piece of a file's text, what is there without the guard, and the id of the test that then fails."""

    name: str
    file: str
    text: str
    without: str
    test: str


GUARDS = (
    Guard(
        "one run a slot",
        SCHEMA,
        'Column("slot", String(80), unique=True)',
        'Column("slot", String(80))',
        f"{OF_LEASES}test_the_schema_itself_allows_one_run_a_slot_and_a_request_key[sqlite-slot]",
    ),
    Guard(
        "one run a request key",
        SCHEMA,
        'Column("request_key", String(80), unique=True)',
        'Column("request_key", String(80))',
        f"{OF_LEASES}test_the_schema_itself_allows_one_run_a_slot_and_a_request_key[sqlite-request_key]",
    ),
    Guard(
        "one active run a pipeline",
        SCHEMA,
        'unique_where(IS_ACTIVE, "one_active_run", ',
        'Index("one_active_run", ',
        f"{OF_LEASES}test_the_schema_itself_allows_one_active_run_a_pipeline[sqlite]",
    ),
    Guard(
        "a run is claimed once",
        LEASES,
        '.where(runs.c.run_id == run_id, runs.c.state == "queued")\n        .values(state="running"',
        '.where(runs.c.run_id == run_id)\n        .values(state="running"',
        f"{OF_LEASES}test_a_run_is_claimed_once[sqlite]",
    ),
    Guard(
        "the epoch of a lease",
        LEASES,
        'runs.c.epoch == bindparam("of_epoch")',
        'runs.c.epoch >= bindparam("of_epoch")',
        f"{OF_LEASES}test_a_lease_ends_when_its_owner_claims_the_run_again[sqlite]",
    ),
    Guard(
        "the lease at a publish",
        "storage/ledger/catalog.py",
        "    check_lease(connection, lease)\n    current = current_versions(connection)",
        "    current = current_versions(connection)",
        f"{OF_LEASES}test_a_stale_owner_can_do_nothing[sqlite]",
    ),
    Guard(
        "a missing heartbeat counts from the claim",
        LEASES,
        "or_(runs.c.heartbeat_at < oldest, runs.c.heartbeat_at.is_(None) & (runs.c.started_at < oldest))",
        "runs.c.heartbeat_at < oldest",
        f"{OF_LEASES}test_a_run_without_any_heartbeat_is_reaped_by_its_claim[sqlite]",
    ),
    Guard(
        "a file is synced before it has its name",
        "storage/files/durable.py",
        "        os.fsync(sink.fileno())\n",
        "",
        f"{OF_FOLDERS}test_a_file_is_on_the_disk_before_its_name_and_its_name_before_the_end",
    ),
    Guard(
        "a folder is synced after a file has its name",
        "storage/files/durable.py",
        "        sync_folder(path.parent)\n    except",
        "    except",
        f"{OF_FOLDERS}test_a_file_is_on_the_disk_before_its_name_and_its_name_before_the_end",
    ),
    Guard(
        "a file is a draft until it is complete",
        "storage/files/folder.py",
        "draft = Path(draft_of(path))",
        "draft = Path(path)",
        f"{OF_FOLDERS}test_an_interrupted_write_leaves_what_was_there_and_no_other_file",
    ),
    Guard(
        "names stay below their root",
        "storage/files/folder.py",
        'if segment in ("", ".", "..") or not SAFE_NAME.fullmatch(segment):',
        "if not segment:",
        f"{OF_FOLDERS}test_a_name_that_is_not_allowed_is_refused[../out]",
    ),
    Guard(
        "the digest of a table's parts",
        "storage/lake/datamart.py",
        "if size != part.bytes or self.folder.sha256(part.name) != part.sha256:",
        "if size != part.bytes:",
        f"{OF_DATAMART}test_damage_is_noticed_by_digest_and_named[byte]",
    ),
    Guard(
        "the checksums of a table's pages",
        "storage/lake/datamart.py",
        '"page_checksum_verification": True',
        '"page_checksum_verification": False',
        f"{OF_DATAMART}test_a_flipped_byte_in_a_page_is_noticed_by_who_reads_it",
    ),
    Guard(
        "the digest of a pickle",
        "storage/lake/model_store.py",
        "if hashlib.sha256(data).hexdigest() != facts.sha256:",
        "if len(data) < 0:",
        f"{OF_MODELS}test_a_swapped_pickle_is_never_opened",
    ),
    Guard(
        "one retraining a cooldown",
        "jobs/governance/retraining.py",
        "if acted and (day - acted[-1].day).days < cooldown_days:",
        "if acted and (day - acted[-1].day).days < 0:",
        "tests/jobs/governance/test_retraining.py::"
        "test_a_month_of_breach_makes_one_retrain_a_cooldown_and_then_asks_for_a_person",
    ),
    Guard(
        "a person is asked after three retrainings",
        "jobs/governance/retraining.py",
        "if len(retrains) >= MOST_RETRAINS:",
        "if len(retrains) >= 1000:",
        "tests/jobs/governance/test_retraining.py::"
        "test_a_month_of_breach_makes_one_retrain_a_cooldown_and_then_asks_for_a_person",
    ),
    Guard(
        "the limit of what an extract unpacks to",
        "jobs/bronze/extracts.py",
        "        if self._left < 0:\n",
        "        if self._limit < 0:\n",
        "tests/jobs/bronze/test_extracts.py::test_a_gzip_bomb_is_refused_at_the_stated_size",
    ),
    Guard(
        "records read are those stored and those rejected",
        "jobs/bronze/records.py",
        "if table.num_rows != scan.good:",
        "if table.num_rows < 0:",
        "tests/jobs/bronze/test_records.py::test_a_count_that_differs_from_arrows_is_an_error_without_values",
    ),
    Guard(
        "accounts that do not balance fail the run",
        "jobs/accounting/account.py",
        "return sum(known) == total",
        "return True",
        "tests/jobs/accounting/test_account.py::"
        "test_the_error_has_every_account_that_does_not_balance_with_its_numbers",
    ),
    Guard(
        "rejected rows of people show no values",
        "jobs/bronze/records.py",
        "return _masked(text, extract) if extract.source.personal else text",
        "return text",
        "tests/jobs/bronze/test_records.py::test_no_ssn_is_ever_shown_however_the_row_is_broken",
    ),
    Guard(
        "the mask of a social security number",
        "console/data/masking.py",
        'return SSN.sub(r"***-**-\\2", text)',
        "return text",
        "tests/console/data/test_data.py::test_whatever_looks_like_an_ssn_is_masked_wherever_it_stands",
    ),
    Guard(
        "no formula in an exported CSV",
        "console/components/csv_export.py",
        'return f"\'{value}"',
        "return value",
        "tests/console/components/test_csv_export.py::test_a_columns_name_is_neutralised_too",
    ),
    Guard(
        "a login where others reach the console",
        "console/access/policy.py",
        'if public and login == "none":',
        'if not public and login == "nothing":',
        "tests/console/access/test_addresses.py::test_without_a_login_nothing_is_shown_to_others[0.0.0.0]",
    ),
    Guard(
        "the role where the action is taken",
        "console/access/session.py",
        "if not user.operates:",
        "if not user.name:",
        "tests/console/access/test_session.py::"
        "test_a_viewer_is_refused_where_the_action_is_taken_and_an_operator_is_written_down",
    ),
    Guard(
        "a store of another deployment is refused",
        "engine/stores/ownership.py",
        "if root.state in REFUSED:",
        'if root.state == "":',
        "tests/engine/stores/test_foreign_stores.py::"
        "test_a_run_with_the_tables_of_another_deployment_is_refused_and_removes_nothing",
    ),
    Guard(
        "the code of a call is the code of its process",
        "engine/execution/call.py",
        "    if ours != call.code:\n",
        "    if not ours:\n",
        "tests/engine/execution/test_other_code.py::"
        "test_a_call_of_other_code_is_refused_before_its_function_runs[sqlite]",
    ),
    Guard(
        "no store is called while the ledger's writer waits",
        "storage/files/away.py",
        'if getattr(_of_thread, "depth", 0):',
        'if getattr(_of_thread, "depth", 0) < 0:',
        "tests/engine/stores/test_cleaning.py::test_no_store_is_called_within_a_transaction_that_writes[sqlite]",
    ),
)
