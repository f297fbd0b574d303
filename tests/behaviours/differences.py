"""Where moto answers otherwise than AWS is documented to, so that a case can't pass on it.

A case that is listed must fail: when moto learns the right answer, its line has to go. Operations
that moto's Glue does not have at all need no line; see `backends`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Difference", "difference"]

_GLUE = "docs.aws.amazon.com/glue/latest/webapi/API_"
_S3 = "docs.aws.amazon.com/AmazonS3/latest/API/API_"
_GUIDE = "docs.aws.amazon.com/AmazonS3/latest/userguide/"


@dataclass(frozen=True)
class Difference:
    """One difference.

    Attributes:
        cases: names of test functions; of a parametrized one those cases whose ids start so.
        moto: what moto does.
        source: where AWS says otherwise.
        runs: whether the case can be run, and then fails each time.
    """

    cases: tuple[str, ...]
    moto: str
    source: str
    runs: bool = True


DIFFERENCES = (
    # Glue
    Difference(
        (
            "test_a_database_keeps_what_it_was_given",
            "test_a_table_keeps_what_it_was_given",
            "test_names_that_are_taken_or_missing",
            "test_an_update_makes_a_version",
            "test_a_table_made_anew_starts_anew",
        ),
        "does not fold names to lower case",
        f"{_GLUE}DatabaseInput.html, {_GLUE}TableInput.html (Name)",
    ),
    Difference(
        ("test_changes_and_inserts_of_many_threads",),
        "ignores VersionId of UpdateTable, so that one of two commits at once is lost",
        f"{_GLUE}UpdateTable.html (VersionId, ConcurrentModificationException)",
        runs=False,
    ),
    Difference(
        ("test_a_stale_version_is_refused",),
        "ignores VersionId of UpdateTable",
        f"{_GLUE}UpdateTable.html (VersionId, ConcurrentModificationException)",
    ),
    Difference(
        ("test_archived_versions",),
        "keeps a version in spite of SkipArchive",
        f"{_GLUE}UpdateTable.html (SkipArchive)",
    ),
    Difference(
        ("test_pyiceberg_commits_tables",),
        "counts versions from 1, and AWS from 0",
        "docs.aws.amazon.com/cli/latest/reference/glue/get-table-versions.html (Examples)",
    ),
    Difference(
        ("test_updating_a_database_replaces_its_definition",),
        "lets UpdateDatabase rename a database",
        f"{_GLUE}UpdateDatabase.html (Name, DatabaseInput)",
    ),
    Difference(
        (
            "test_databases_come_in_pages",
            "test_tables_come_in_pages_and_by_pattern",
            "test_partitions_come_in_pages_and_segments",
            "test_page_sizes_are_limited",
        ),
        "ignores MaxResults and Segment",
        f"{_GLUE}GetDatabases.html, {_GLUE}GetTables.html, {_GLUE}GetPartitions.html",
    ),
    Difference(
        ("test_a_made_up_token_is_refused",),
        "ignores NextToken",
        f"{_GLUE}GetDatabases.html (NextToken)",
    ),
    Difference(
        ("test_names_only_on_request",),
        "ignores AttributesToGet",
        f"{_GLUE}GetTables.html (AttributesToGet)",
    ),
    Difference(
        ("test_deleting_several_tables",),
        "has another text for a table that is missing; the code is the same",
        f"{_GLUE}BatchDeleteTable.html (does not say the text)",
    ),
    Difference(
        ("test_limits_of_a_table",),
        "does not check lengths and patterns",
        f"{_GLUE}TableInput.html (constraints)",
    ),
    Difference(
        ("test_the_catalog_of_the_account",),
        "ignores CatalogId",
        f"{_GLUE}GetTables.html (CatalogId)",
    ),
    Difference(
        ("test_partitions_that_are_taken_or_missing",),
        "takes a partition with fewer values than the table has keys",
        f"{_GLUE}PartitionInput.html (Values)",
    ),
    Difference(
        ("test_creating_partitions_in_a_batch", "test_deleting_partitions_in_a_batch"),
        "takes batches of any size",
        f"{_GLUE}BatchCreatePartition.html (100), {_GLUE}BatchDeletePartition.html (25)",
    ),
    Difference(
        ("test_getting_several_partitions",),
        "leaves out UnprocessedKeys",
        f"{_GLUE}BatchGetPartition.html (UnprocessedKeys)",
    ),
    Difference(
        ("test_updating_partitions",),
        "makes a partition's CreationTime anew when it is updated",
        f"{_GLUE}Partition.html (CreationTime)",
    ),
    Difference(
        (
            "test_filters_find[moto-NOT",
            "test_filters_find[moto-hour !=",
            "test_filters_find[moto-((HOUR)",
            'test_filters_find[moto-"hour"',
            "test_filters_find[moto-`hour`",
            "test_filters_find[moto-day = date",
        ),
        "parses less than SQL's WHERE",
        f"{_GLUE}GetPartitions.html (Expression: as JSQLParser parses it; NOT)",
    ),
    Difference(
        (
            "test_filters_find[moto-hour",
            "test_filters_find[moto-((hour",
            "test_filters_find[moto-(hour",
        ),
        "fails on NULL among integers, which is what '__HIVE_DEFAULT_PARTITION__' stands for",
        f"{_GLUE}GetPartitions.html (Expression: IS NULL); the service itself is not sure of it",
    ),
    Difference(
        ("test_filters_find[moto-price",),
        "knows decimal without precision and scale only, which Hive always writes",
        f"{_GLUE}GetPartitions.html (Expression: supported types)",
    ),
    Difference(
        ("test_filters_that_are_refused",),
        "reads an expression only where there are partitions",
        f"{_GLUE}GetPartitions.html (InvalidInputException)",
    ),
    Difference(
        ("test_a_stored_value_that_its_type_cannot_hold",),
        "has another text",
        "the text that a user of AWS was shown: github.com/aws/aws-sdk/issues/670",
    ),
    Difference(
        ("test_tags_of_databases_and_tables",),
        "has tags of what does not exist",
        f"{_GLUE}GetTags.html (EntityNotFoundException)",
    ),
    Difference(
        ("test_a_table_is_made_with_its_indexes_or_not_at_all",),
        "does not look at PartitionIndexes",
        f"{_GLUE}CreateTable.html (PartitionIndexes)",
    ),
    Difference(
        ("test_what_is_not_the_catalogs_is_named",),
        "has crawlers, jobs and connections, which ours says it lacks",
        "no difference from AWS: what ours says it lacks",
    ),
    Difference(
        ("test_a_time_that_moves_is_computed_anew",),
        "takes longer, on a busy machine, than the 0.4 seconds that are looked back",
        "no difference from AWS: the query is right, the look back is too short",
        runs=False,
    ),
    # S3
    Difference(
        ("test_buckets_are_made_listed_and_deleted", "test_buckets_come_in_pages"),
        "lists buckets in no order and on one page",
        f"{_S3}ListBuckets.html (MaxBuckets, ContinuationToken)",
    ),
    Difference(
        tuple(
            f"test_bucket_names_that_are_refused[moto-{name}"
            for name in ("Upper", "under_score", "-start", "end-", "a..b")
        ),
        "takes names that the rules forbid",
        f"{_GUIDE}bucketnamingrules.html",
    ),
    Difference(
        (
            "test_an_object_is_what_was_put",
            "test_checksums_that_the_client_computed",
            "test_a_checksum_of_the_whole_upload",
            "test_damage_on_the_way_is_noticed",
        ),
        "neither checks nor shows most checksums",
        f"{_GUIDE}checking-object-integrity.html, {_S3}HeadObject.html (ChecksumType)",
    ),
    Difference(
        ("test_too_much_metadata_is_refused",),
        "takes metadata of any size",
        f"{_GUIDE}UsingMetadata.html (2 KB)",
    ),
    Difference(
        ("test_a_key_that_is_too_long",),
        "takes keys of any length",
        f"{_GUIDE}object-keys.html (1,024 bytes)",
    ),
    Difference(
        ("test_ranges_that_cannot_be",),
        "answers one of several ranges instead of the whole",
        f"{_S3}GetObject.html (Range: several are not supported)",
    ),
    Difference(
        ("test_reading_on_conditions",),
        "fails by If-Unmodified-Since though If-Match holds",
        f"{_S3}GetObject.html (IfMatch)",
    ),
    Difference(
        ("test_deleting_many", "test_any_key_goes_in_and_comes_out"),
        "has no keys with line ends and other odd characters",
        f"{_GUIDE}object-keys.html (any sequence of Unicode characters)",
        runs=False,
    ),
    Difference(
        ("test_copying",),
        "copies an object onto itself with nothing changed",
        f"{_S3}CopyObject.html (InvalidRequest)",
    ),
    Difference(
        (
            "test_prefix_and_delimiter[moto--/-keys6",
            "test_prefix_and_delimiter[moto-a-/-keys7",
            "test_prefix_and_delimiter[moto-a/-/-keys8",
            "test_prefix_and_delimiter[moto--/b-keys11",
            "test_prefix_and_delimiter[moto-a-b-keys12",
        ),
        "has more keys and common prefixes on a page than were asked for",
        f"{_S3}ListObjectsV2.html (MaxKeys, CommonPrefixes)",
    ),
    Difference(
        ("test_starting_after_a_key",),
        "drops a common prefix whose later keys come after StartAfter",
        f"{_S3}ListObjectsV2.html (StartAfter, CommonPrefixes)",
    ),
    Difference(
        ("test_page_sizes",),
        "has more than 1,000 keys on a page",
        f"{_S3}ListObjectsV2.html (MaxKeys)",
    ),
    Difference(
        ("test_uploads_that_go_wrong",),
        "looks at the sizes of parts before their order",
        f"{_S3}CompleteMultipartUpload.html (which comes first is not said)",
    ),
    Difference(
        ("test_the_defaults_of_a_new_bucket",),
        "has no default encryption",
        f"{_GUIDE}default-bucket-encryption.html (SSE-S3 since January 2023)",
    ),
    Difference(
        ("test_a_configuration_that_would_not_be_kept_is_refused",),
        "keeps configurations that ours refuses because it would not act by them",
        "no difference from AWS: what ours says it lacks",
    ),
    Difference(
        ("test_tags_that_can_not_be[moto-given0",),
        "takes tags that AWS refuses",
        f"{_GUIDE}object-tagging.html",
    ),
    Difference(
        ("test_attributes_of_an_object_in_parts",),
        "leaves out ObjectParts",
        f"{_S3}GetObjectAttributes.html (ObjectParts)",
    ),
)


def difference(name: str) -> Difference | None:
    """What keeps a case on moto, ``test_name[moto-…]``, from passing."""
    function = name.partition("[")[0]
    for each in DIFFERENCES:
        for case in each.cases:
            if name.startswith(case) if "[" in case else function == case:
                return each
    return None
