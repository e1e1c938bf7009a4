"""What is asked of PostgreSQL, one topic a file, one function a question. No transaction is ended here."""
