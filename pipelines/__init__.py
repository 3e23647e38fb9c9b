"""The census as plain functions on tables: no Dagster, no input or output, no clock, no environment."""
