"""The outside world: gateways, phpIPAM, name servers, the archive, the ledger, and Dagster's own storage."""
