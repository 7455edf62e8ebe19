"""The rights of the person over their data, and the end of keeping it.

Owns: requests about one's data (个人信息请求), copies (资料副本), impact assessments (影响评估), destructions (销毁),
holds (暂停销毁). What is kept how long stands in `data/retention.yaml`; nothing is destroyed without two people.
"""
