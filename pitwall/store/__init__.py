"""Read and write the database: tables, migrations and every SQL statement of the project."""
