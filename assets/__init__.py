"""The lineage: what is made from what. Each asset is a call into `pipelines`; the names are those of the stages."""
