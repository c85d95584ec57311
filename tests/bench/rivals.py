"""Runs in an environment of its own: what others make of the same records.

`python rivals.py splink|recordlinkage RECORDS.parquet SCORES.parquet`: reads records, writes scored
pairs (`left`, `right`, `weight`) and prints the seconds that matching took, on the wall and of the
processor.
"""

import sys
import time

import pandas as pd

COMPARED = ("name", "street", "city", "postcode", "tax", "domain", "phone")


def _normal(records: pd.DataFrame) -> pd.DataFrame:
    texts = records.set_index("id")
    for name in COMPARED:
        folded = (
            texts[name].str.lower().str.normalize("NFKD").str.replace(r"[^\w ]", "", regex=True)
        )
        texts[name] = folded.where(folded.notna() & (folded != ""), None)
    texts["phone"] = texts["phone"].str.replace(r"\D", "", regex=True)
    return texts[list(COMPARED)]


def run_splink(records: pd.DataFrame) -> pd.DataFrame:
    """Splink with its ready-made comparisons, trained on the records themselves."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=[
            cl.JaroWinklerAtThresholds("name").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("street"),
            cl.JaroWinklerAtThresholds("city"),
            cl.ExactMatch("postcode"),
            cl.ExactMatch("tax"),
            cl.ExactMatch("domain"),
            cl.ExactMatch("phone"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("tax"),
            block_on("domain"),
            block_on("phone"),
            block_on("name"),
            block_on("street"),
            block_on("postcode", "substr(name, 1, 4)"),
            block_on("city", "substr(name, 1, 4)"),
        ],
    )
    api = DuckDBAPI()
    table = records.reset_index()
    linker = Linker(api.register(table) if hasattr(api, "register") else table, settings)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("tax"), block_on("name", "street")], recall=0.6
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("name"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("street"))
    found = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    return found.rename(columns={"id_l": "left", "id_r": "right", "match_weight": "weight"})


def run_recordlinkage(records: pd.DataFrame) -> pd.DataFrame:
    """recordlinkage: exact blocks, Jaro-Winkler, and the sum of what is alike."""
    import recordlinkage

    index = recordlinkage.Index()
    for name in ("tax", "domain", "phone", "name", "street", "postcode"):
        index.block(name)
    pairs = index.index(records)
    compare = recordlinkage.Compare()
    for name in ("name", "street", "city"):
        compare.string(name, name, method="jarowinkler", label=name)
    for name in ("postcode", "tax", "domain", "phone"):
        compare.exact(name, name, label=name)
    scores = compare.compute(pairs, records).sum(axis=1).rename("weight").reset_index()
    scores.columns = ["left", "right", "weight"]
    return scores


def main() -> None:
    """Match, write and print the time."""
    which, source, target = sys.argv[1:]
    records = pd.read_parquet(source)
    began, worked = time.monotonic(), time.process_time()
    found = {"splink": run_splink, "recordlinkage": run_recordlinkage}[which](_normal(records))
    wall, processor = time.monotonic() - began, time.process_time() - worked
    found[["left", "right", "weight"]].to_parquet(target)
    print(f"wall={wall} processor={processor}")


if __name__ == "__main__":
    main()
