"""Log-ins: accounts of staff and residents, one-time codes, API clients.

Owns: accounts (账号), the code provider (短信通道), API clients (接口凭证). What a person may do is not
decided here: staff act through their posts (directory), residents through their own record.
"""
